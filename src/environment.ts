import { z } from 'zod';

const flag = z.enum(['on', 'off']).transform((value) => value === 'on');
const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be a URL like postgres://user:password@host:5432/database',
});
const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.string().regex(/^\d+$/, error).transform(Number).pipe(z.number().min(least, error).max(most, error));
};
const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
const isOrigin = (text: string): boolean => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** The key that is SECRET_KEY itself; its id is that of DEFAULT_KEY_ID (src/domain/auth/tokens.ts). */
const DEFAULT_KEY = { id: '1', secret: null };

/** `id:secret,default`: the first signs, all verify. No complaint repeats a secret. */
function tokenKeysFrom(list: string, context: z.RefinementCtx<string>): { id: string; secret: string | null }[] {
  const keys = list.split(',').map((entry) => {
    if (entry.trim() === 'default') return DEFAULT_KEY;
    const [, id = '', secret = ''] = /^\s*([A-Za-z0-9_.-]{1,32}):(\S{32,})\s*$/.exec(entry) ?? [];
    return { id, secret };
  });
  const names = new Set(keys.map(({ id }) => id));
  const isWrong = keys.some(({ id, secret }) => id === '' || (id === DEFAULT_KEY.id && secret !== null));
  if (isWrong || names.size < keys.length)
    context.addIssue(
      'must be keys like 2026-11:secret,default: each with a name of its own (not 1), secrets of at least 32 characters',
    );
  return keys;
}

/** Every setting, by its environment variable. README.md has the same list for people; a test compares them. */
export const SETTINGS = {
  NODE_ENV: z.enum(['production', 'development', 'test']).default('development'),
  PORT: whole(0, 65_535).default(4000),
  HOST: z.string().min(1).default('localhost'),
  DATABASE_URL: postgresUrl.optional(),
  APP_DATABASE_URL: postgresUrl.optional(),
  SIGNIN_DATABASE_URL: postgresUrl.optional(),
  WORKER_DATABASE_URL: postgresUrl.optional(),
  READER_ROLE: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a plain PostgreSQL role name')
    .optional(),
  DATABASE_POOL_SIZE: whole(2, 500).default(10),
  DATABASE_CONNECT_TIMEOUT_MS: whole(50, 60_000).default(1_000),
  DATABASE_STATEMENT_TIMEOUT_MS: whole(50, 600_000).default(5_000),
  REQUEST_TIMEOUT_MS: whole(100, 600_000).default(15_000),
  RECEIVE_TIMEOUT_MS: whole(100, 600_000).default(30_000),
  SEND_TIMEOUT_MS: whole(100, 600_000).default(60_000),
  OVERLOAD_DELAY_MS: whole(0, 60_000).default(1_000),
  DRAIN_MS: whole(0, 8_000).optional(),
  PULSE_DATA_DIR: z.string().min(1).optional(),
  ERASURE_LEDGER: z.string().min(1).optional(),
  SECRET_KEY: z.string().min(32, 'must have at least 32 characters; make one with: openssl rand -base64 48').optional(),
  TOKEN_KEYS: z.string().transform(tokenKeysFrom).default([]),
  ACCESS_TOKEN_SECONDS: whole(10, 86_400).default(900),
  SESSION_IDLE_SECONDS: whole(60, 31_536_000).default(1_209_600),
  SESSION_SECONDS: whole(60, 31_536_000).default(7_776_000),
  SECURE_COOKIES: flag.optional(),
  BCRYPT_COST: whole(4, 16).default(12),
  PASSWORD_LEAST_LENGTH: whole(8, 64).default(12),
  CORS_ORIGINS: z
    .string()
    .transform(listOf)
    .pipe(
      z.array(z.string().refine(isOrigin, 'must be a comma-separated list of origins like https://app.example, without a path')),
    )
    .default([]),
  TRUST_PROXY: z
    .string()
    .regex(/^(\d{1,2}|[\d.:a-f/]+(,[\d.:a-f/]+)*)$/i, 'must be a number of proxies, or their addresses separated by commas')
    .transform((text) => (/^\d{1,2}$/.test(text) ? Number(text) : text.split(',')))
    .optional(),
  BUDGET_SCALE: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,3})?$/, 'must be a number like 0.5 or 10')
    .transform(Number)
    .default(1),
  FAST_PATH: flag.default(true),
  OPEN_SCHEMA: z.enum(['on', 'admins', 'off']).optional(),
  TRUSTED_DOCUMENTS: z.enum(['off', 'preferred', 'only']).default('off'),
  TRUSTED_DOCUMENTS_FILES: z.string().transform(listOf).default([]),
  DEMO_DATA: flag.optional(),
  RUN_WORKER: flag.optional(),
  AUDIT_ANCHORS: z.string().min(1).optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be a URL like smtp://user:password@mail.example:587' }).optional(),
  MAIL_FROM: z
    .string()
    .regex(/^([^<>\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, 'must be an address like Pulse CRM <crm@example.com>')
    .default('Pulse CRM <pulse@localhost>'),
  APP_URL: z.url({ protocol: /^https?$/, error: 'must be a URL like https://app.example' }).default('http://localhost:3000'),
  WEB_CONCURRENCY: z.union([z.literal('auto'), whole(1, 64)], 'must be auto or a whole number from 1 to 64').default(1),
  METRICS_PORT: whole(0, 65_535).optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be a URL like http://collector.example:4318' })
    .optional(),
  OTEL_SERVICE_NAME: z.string().min(1).default('pulse-crm'),
  LOG_OPERATIONS: z.enum(['all', 'failed', 'off']).default('all'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).optional(),
} as const;
