import path from 'node:path';
import { contenders } from '../contenders/index.mjs';
import { bench } from '../settings.mjs';
import { bringUpDatabase } from './database.mjs';
import { factsOf } from './facts.mjs';
import { startServer } from './server.mjs';

const [contender] = contenders;

/**
 * A PostgreSQL of its own with a set, which is kept for the next run, and Pulse as it is shipped before it.
 *
 * @param {{ folder: string, seed: string[], tenants: number }} set
 */
export async function openPulse({ folder, ...set }) {
  const database = await bringUpDatabase(console.log, set, path.join(bench, folder));
  try {
    const server = await startServer(contender, process.execPath, database.urls);
    const stop = async () => {
      await server.stop();
      await database.stop();
    };
    return { ...server, database, version: database.version, postmaster: database.postmaster, stop };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/** A caller of the organization: who they are, what of it can be asked about, and their token. @param {number} tenant from 1 */
export async function callerOf({ url, database }, tenant) {
  const email = `member@bench-${String(tenant).padStart(3, '0')}.example`;
  const found = database.members.filter((member) => member.email === email);
  const [member] = await factsOf({ urls: database.urls, members: found });
  return { member, token: await contender.tokenFor(url, member) };
}
