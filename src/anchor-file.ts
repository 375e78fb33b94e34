import path from 'node:path';
import type { Config } from './config.js';

/** Where anchors of the audit are kept: what the command line says, else the setting, else a file in the data folder. */
export function anchorFile(config: Config, given: string | undefined): string {
  return given ? path.resolve(given) : (config.AUDIT_ANCHORS ?? path.join(config.PULSE_DATA_DIR, 'audit-anchors.jsonl'));
}
