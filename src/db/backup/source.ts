import path from 'node:path';
import { startEmbeddedPostgres } from '../embedded/index.js';
import { hasCluster, movedDataDir } from '../embedded/place.js';

/** A database to read, left as it is: a backup is what one makes before anything is migrated, and a verification changes nothing. */
export interface Source {
  url: string;
  stop(): Promise<void>;
}

/** The database of `ownerUrl`, or without it the one in the data folder, whose server runs until `stop()`. */
export async function openSource(ownerUrl: string | undefined, dataDir: string, say: (line: string) => void): Promise<Source> {
  if (ownerUrl) return { url: ownerUrl, stop: async () => undefined };
  const data = path.join(dataDir, 'postgres');
  if (!hasCluster(data) && !hasCluster(movedDataDir(data))) {
    throw new Error(`There is no database in ${dataDir}. Set DATABASE_URL or PULSE_DATA_DIR to what you use.`);
  }
  const server = await startEmbeddedPostgres({ dataDir: data, say });
  const url = new URL(server.superuserUrl);
  url.pathname = '/pulse';
  return { url: url.toString(), stop: () => server.stop() };
}
