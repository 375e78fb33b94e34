import path from 'node:path';
import { z } from 'zod';
import { SETTINGS } from './environment.js';
import { keptSecret } from './kept-secret.js';

const schema = z.object(SETTINGS);

export type Config = Omit<
  z.infer<typeof schema>,
  | 'SECRET_KEY'
  | 'PULSE_DATA_DIR'
  | 'ERASURE_LEDGER'
  | 'OPEN_SCHEMA'
  | 'SECURE_COOKIES'
  | 'DEMO_DATA'
  | 'LOG_LEVEL'
  | 'RUN_WORKER'
  | 'DRAIN_MS'
> & {
  production: boolean;
  PULSE_DATA_DIR: string;
  ERASURE_LEDGER: string;
  SECRET_KEY: string;
  OPEN_SCHEMA: 'on' | 'admins' | 'off';
  SECURE_COOKIES: boolean;
  DEMO_DATA: boolean;
  RUN_WORKER: boolean;
  DRAIN_MS: number;
  LOG_LEVEL: string;
};

/**
 * Reads the settings; nothing else reads the environment.
 *
 * @param root the project's folder: `.data` in it is the default data folder.
 * @param isWorker whether this process does jobs whatever RUN_WORKER says.
 * @throws Error with a line for each variable that is wrong.
 */
export function readConfig(root: string, env: NodeJS.ProcessEnv = process.env, isWorker = false): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(set);
  const lines = (parsed.error?.issues ?? []).map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  const production = set['NODE_ENV'] === 'production';
  if (production && !set['SECRET_KEY'])
    lines.push('  SECRET_KEY: is needed in production; make one with: openssl rand -base64 48');
  if (production && (isWorker || set['RUN_WORKER'] === 'on')) lines.push(...MAIL.filter((name) => !set[name]).map(neededForMail));
  const mode = parsed.data?.TRUSTED_DOCUMENTS ?? 'off';
  if (mode !== 'off' && parsed.data?.TRUSTED_DOCUMENTS_FILES.length === 0)
    lines.push('  TRUSTED_DOCUMENTS_FILES: is needed where TRUSTED_DOCUMENTS is not off');
  if (!parsed.success || lines.length > 0)
    throw new Error(`These settings are wrong (README.md, "Configuration"):\n${lines.join('\n')}`);
  const { data } = parsed;
  const dataDir = path.resolve(root, data.PULSE_DATA_DIR ?? '.data');
  return {
    ...data,
    production,
    PULSE_DATA_DIR: dataDir,
    ERASURE_LEDGER: data.ERASURE_LEDGER ? path.resolve(root, data.ERASURE_LEDGER) : path.join(dataDir, 'erasures.jsonl'),
    AUDIT_ANCHORS: data.AUDIT_ANCHORS && path.resolve(root, data.AUDIT_ANCHORS),
    SECRET_KEY: data.SECRET_KEY ?? keptSecret(dataDir),
    OPEN_SCHEMA: data.OPEN_SCHEMA ?? (production ? 'admins' : 'on'),
    SECURE_COOKIES: data.SECURE_COOKIES ?? production,
    DEMO_DATA: data.DEMO_DATA ?? !production,
    RUN_WORKER: data.RUN_WORKER ?? !production,
    DRAIN_MS: data.DRAIN_MS ?? (production ? 3_000 : 0),
    LOG_LEVEL: data.LOG_LEVEL ?? (production ? 'info' : 'warn'),
  };
}

/** What mail cannot go without in production; nobody reads an outbox there. */
const MAIL = ['SMTP_URL', 'MAIL_FROM', 'APP_URL'] as const;

function neededForMail(name: string): string {
  return `  ${name}: is needed in production where jobs are done (npm run worker, or RUN_WORKER=on): they send mail`;
}
