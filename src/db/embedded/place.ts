import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { SYSTEM_FOLDER } from './folders.js';

/** The data folder and the files that live beside it, in a folder that is Pulse's alone. */
export interface Place {
  data: string;
  password: string;
  port: string;
  log: string;
  owner: string;
}

export function placeAt(data: string): Place {
  const beside = (file: string): string => path.join(path.dirname(data), file);
  return {
    data,
    password: beside('postgres-password'),
    port: beside('postgres-port'),
    log: beside('postgres.log'),
    owner: beside('owner.pid'),
  };
}

/** Where the data goes when root's PostgreSQL cannot reach `dataDir`: always the same place for the same folder. */
export function movedDataDir(dataDir: string): string {
  const hash = createHash('sha256').update(path.resolve(dataDir)).digest('hex').slice(0, 12);
  return path.join(SYSTEM_FOLDER, `data-${hash}`, 'postgres');
}

export function hasCluster(data: string): boolean {
  return existsSync(path.join(data, 'PG_VERSION'));
}
