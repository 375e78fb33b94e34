import type { Logger } from 'pino';
import { personalData, personalNames } from './domain/personal-data.js';
import { graph } from './domain/index.js';
import { readSdl } from './graphql/schema.js';
import { logLines } from './log-lines.js';

/**
 * Log lines as JSON, or readable while developing. Never any personal data: whatever a line calls like a personal field of the schema is
 * masked, and of errors only what `faultOf` tells.
 *
 * @param sink where the lines go; by default the process's standard output.
 */
export function makeLog(level: string, readable: boolean, root: string, sink?: { write(line: string): void }): Logger {
  return logLines(level, readable, personalNames(personalData(readSdl(root), graph)), sink);
}
