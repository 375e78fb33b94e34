import path from 'node:path';
import { claim } from './owner.js';
import { ensureCluster } from './cluster.js';
import { launch } from './launch.js';
import { sayWhenSlow } from './notice.js';
import { clearLeftovers } from './postmaster.js';
import { findResidence, type Residence } from './residence.js';
import { serve, type EmbeddedServer } from './server.js';
import { prepareTools } from './tools.js';

export type { EmbeddedServer } from './server.js';

export interface EmbeddedOptions {
  /** Absolute; the folder above it is Pulse's alone (password, port, log and owner files lie beside the data). */
  dataDir: string;
  /** Prints a notice to a person. */
  say: (line: string) => void;
  /** PostgreSQL settings over our own. `fsync: 'off'` (tests) also makes the first start faster. */
  settings?: Record<string, string>;
}

/**
 * Brings up the PostgreSQL that comes with Pulse, on data that is made at the first start and kept, and answers when it
 * accepts connections. Works as an ordinary user and as root. The caller stops it with `stop()`.
 *
 * Throws an error named `EmbeddedPostgresError`, whose message says what to do, when it cannot: no build for this
 * system, another Pulse on the folder, data of another major version, a folder out of reach, a server that fails.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const residence = await findResidence(path.resolve(options.dataDir), options.say);
  const release = claim(residence.place.owner);
  try {
    return await start(residence, options, release);
  } catch (error) {
    release();
    throw error;
  }
}

async function start({ place, user }: Residence, options: EmbeddedOptions, release: () => void): Promise<EmbeddedServer> {
  const { say, settings } = options;
  const tools = await prepareTools(user, say);
  const password = await ensureCluster(place, tools, { say, durable: settings?.['fsync'] !== 'off' });
  await clearLeftovers(place, tools, say);
  const launched = await sayWhenSlow(say, 'PostgreSQL is starting …', launch(place, tools, settings));
  return serve({ place, tools, launched, password, release });
}
