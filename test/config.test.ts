import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '../src/config.js';
import { SETTINGS } from '../src/environment.js';

const SECRET_KEY = 'thirty-two characters at the least';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'pulse-config-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** What the settings are refused with. */
function complaint(env: Record<string, string>): string {
  try {
    readConfig(root, { SECRET_KEY, ...env });
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('trusted documents need their lists', () => {
  for (const mode of ['preferred', 'only'])
    expect(complaint({ TRUSTED_DOCUMENTS: mode })).toContain('TRUSTED_DOCUMENTS_FILES: is needed');
  const { TRUSTED_DOCUMENTS_FILES } = readConfig(root, {
    SECRET_KEY,
    TRUSTED_DOCUMENTS: 'only',
    TRUSTED_DOCUMENTS_FILES: 'a.json, b.json',
  });
  expect(TRUSTED_DOCUMENTS_FILES).toEqual(['a.json', 'b.json']);
});

describe('a wrong setting is refused by name', () => {
  test.each([
    ['NODE_ENV', 'staging'],
    ['PORT', 'x'],
    ['PORT', '-1'],
    ['PORT', '65536'],
    ['PORT', '40.5'],
    ['PORT', ' '],
    ['PORT', '0x10'],
    ['DATABASE_URL', 'mysql://user@host/database'],
    ['DATABASE_URL', 'host:5432'],
    ['APP_DATABASE_URL', 'http://host/database'],
    ['SIGNIN_DATABASE_URL', 'nonsense'],
    ['WORKER_DATABASE_URL', 'nonsense'],
    ['READER_ROLE', 'pulse"; DROP TABLE deals'],
    ['READER_ROLE', 'r'.repeat(64)],
    ['DATABASE_POOL_SIZE', '1'],
    ['DATABASE_CONNECT_TIMEOUT_MS', '49'],
    ['DATABASE_STATEMENT_TIMEOUT_MS', 'soon'],
    ['SECRET_KEY', 'short'],
    ['TOKEN_KEYS', 'a:short'],
    ['TOKEN_KEYS', `a:${'x'.repeat(32)},a:${'y'.repeat(32)}`],
    ['TOKEN_KEYS', `1:${'x'.repeat(32)}`],
    ['TOKEN_KEYS', `../a:${'x'.repeat(32)}`],
    ['TOKEN_KEYS', 'default,'],
    ['ACCESS_TOKEN_SECONDS', '9'],
    ['BCRYPT_COST', '3'],
    ['PASSWORD_LEAST_LENGTH', '7'],
    ['CORS_ORIGINS', 'nonsense'],
    ['CORS_ORIGINS', 'https://app.example,*'],
    ['CORS_ORIGINS', 'ftp://app.example'],
    ['CORS_ORIGINS', 'https://app.example/'],
    ['CORS_ORIGINS', 'https://app.example/path'],
    ['OPEN_SCHEMA', 'yes'],
    ['TRUSTED_DOCUMENTS', 'on'],
    ['DEMO_DATA', '1'],
    ['RUN_WORKER', 'yes'],
    ['SMTP_URL', 'https://mail.example'],
    ['MAIL_FROM', 'nobody'],
    ['MAIL_FROM', 'crm@example.com\r\nBcc: all@example.com'],
    ['MAIL_FROM', 'A <a@example.com>, B <b@example.com>'],
    ['APP_URL', 'app.example'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_OPERATIONS', 'on'],
    ['METRICS_PORT', 'on'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ])('%s=%s', (name, value) => {
    const lines = complaint({ [name]: value }).split('\n');
    expect(lines[0]).toBe('These settings are wrong (README.md, "Configuration"):');
    expect(lines.slice(1)).toEqual([expect.stringMatching(new RegExp(`^  ${name}\\b.*: .+`))]);
  });

  test('and the secret is never repeated', () => {
    expect(complaint({ SECRET_KEY: 'hunter2' })).toMatch(/SECRET_KEY: must have at least 32 characters.*openssl rand/);
    expect(complaint({ SECRET_KEY: 'hunter2' })).not.toContain('hunter2');
    expect(complaint({ TOKEN_KEYS: 'a:hunter2' })).not.toContain('hunter2');
    expect(complaint({ DATABASE_URL: 'mysql://user:hunter2@host/database' })).not.toContain('hunter2');
  });

  test('all of them at once', () => {
    const lines = complaint({ PORT: 'x', DATABASE_URL: 'mysql://host/database', SECRET_KEY: 'short', CORS_ORIGINS: 'nonsense' });
    for (const name of ['PORT', 'DATABASE_URL', 'SECRET_KEY', 'CORS_ORIGINS'])
      expect(lines).toMatch(new RegExp(`^  ${name}`, 'm'));
  });
});

test('token keys: the first signs; `default` is the secret itself', () => {
  const [one, two] = ['x'.repeat(32), 'y:'.repeat(16)];
  expect(readConfig(root, { SECRET_KEY, TOKEN_KEYS: ` new:${one} , default,old.1:${two}` }).TOKEN_KEYS).toEqual([
    { id: 'new', secret: one },
    { id: '1', secret: null },
    { id: 'old.1', secret: two },
  ]);
  expect(readConfig(root, { SECRET_KEY }).TOKEN_KEYS).toEqual([]);
});

test('production names its missing secret beside what else is wrong', () => {
  expect(complaint({ NODE_ENV: 'production', SECRET_KEY: '', PORT: 'x' })).toMatch(/PORT: .*\n {2}SECRET_KEY: is needed/);
});

test('production has no secret of its own making', async () => {
  expect(complaint({ NODE_ENV: 'production', SECRET_KEY: '' })).toMatch(/SECRET_KEY: is needed in production.*openssl rand/);
  await expect(stat(path.join(root, '.data'))).rejects.toThrow('ENOENT');
});

test('in development the schema is open, demo data is made and the log is quiet; in production the other way round', () => {
  const chosen = (env: Record<string, string>): unknown => {
    const { production, OPEN_SCHEMA, DEMO_DATA, LOG_LEVEL } = readConfig(root, { SECRET_KEY, ...env });
    return { production, OPEN_SCHEMA, DEMO_DATA, LOG_LEVEL };
  };
  const closed = { production: true, OPEN_SCHEMA: 'admins', DEMO_DATA: false, LOG_LEVEL: 'info' };
  const open = { production: false, OPEN_SCHEMA: 'on', DEMO_DATA: true, LOG_LEVEL: 'warn' };
  expect(chosen({})).toEqual(open);
  expect(chosen({ NODE_ENV: 'production' })).toEqual(closed);
  expect(chosen({ OPEN_SCHEMA: 'off', DEMO_DATA: 'off', LOG_LEVEL: 'info' })).toEqual({
    ...closed,
    OPEN_SCHEMA: 'off',
    production: false,
  });
  expect(chosen({ NODE_ENV: 'production', OPEN_SCHEMA: 'on', DEMO_DATA: 'on', LOG_LEVEL: 'warn' })).toEqual({
    ...open,
    production: true,
  });
});

test('in production mail needs a mail server, a sender and a place for its links, where jobs are done and only there', () => {
  const production = { NODE_ENV: 'production', SECRET_KEY };
  const mail = { SMTP_URL: 'smtps://mail.example', MAIL_FROM: 'crm@example.com', APP_URL: 'https://app.example' };
  const needed = /SMTP_URL: is needed in production.*\n.*MAIL_FROM: is needed.*\n.*APP_URL: is needed/;
  expect(readConfig(root, production).RUN_WORKER).toBe(false);
  expect(() => readConfig(root, { ...production, RUN_WORKER: 'on' })).toThrow(needed);
  expect(() => readConfig(root, production, true)).toThrow(needed);
  expect(readConfig(root, { ...production, ...mail, RUN_WORKER: 'on' })).toMatchObject({ ...mail, RUN_WORKER: true });
  expect(readConfig(root, { ...production, ...mail }, true)).toMatchObject(mail);
  expect(readConfig(root, { SECRET_KEY }, true)).toMatchObject({ RUN_WORKER: true });
});

test('without any setting Pulse listens on localhost:4000, on a database of its own, for no other origin', () => {
  const { DATABASE_URL, PULSE_DATA_DIR, HOST, PORT, CORS_ORIGINS } = readConfig(root, {});
  expect({ DATABASE_URL, HOST, PORT, CORS_ORIGINS }).toEqual({
    DATABASE_URL: undefined,
    HOST: 'localhost',
    PORT: 4000,
    CORS_ORIGINS: [],
  });
  expect(PULSE_DATA_DIR).toBe(path.join(root, '.data'));
});

test('an empty setting is one that is not set', () => {
  const empty = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, '']));
  const kept = readConfig(root, {}).SECRET_KEY;
  expect(readConfig(root, empty)).toEqual(readConfig(root, {}));
  expect(readConfig(root, empty).SECRET_KEY).toBe(kept);
});

test('origins are a list, with spaces where people put them', () => {
  const { CORS_ORIGINS } = readConfig(root, { SECRET_KEY, CORS_ORIGINS: ' https://app.example , http://localhost:5173,' });
  expect(CORS_ORIGINS).toEqual(['https://app.example', 'http://localhost:5173']);
});

test('the data folder counts from the project', () => {
  expect(readConfig(root, { SECRET_KEY, PULSE_DATA_DIR: 'elsewhere' }).PULSE_DATA_DIR).toBe(path.join(root, 'elsewhere'));
  expect(readConfig(root, { SECRET_KEY, PULSE_DATA_DIR: '/srv/pulse' }).PULSE_DATA_DIR).toBe(path.resolve('/srv/pulse'));
});

describe('the secret of a development server', () => {
  const file = (): string => path.join(root, '.data', 'secret-key');

  test('is made once, for its owner’s eyes only, and is the same next time', async () => {
    const { SECRET_KEY: first } = readConfig(root, {});
    expect(first.length).toBeGreaterThanOrEqual(64);
    if (process.platform !== 'win32') expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(readConfig(root, {}).SECRET_KEY).toBe(first);
    expect((await readFile(file(), 'utf8')).trim()).toBe(first);
  });

  test('is another one in another folder', () => {
    expect(readConfig(root, { PULSE_DATA_DIR: 'one' }).SECRET_KEY).not.toBe(
      readConfig(root, { PULSE_DATA_DIR: 'two' }).SECRET_KEY,
    );
  });

  test('is not done without when its file was emptied', async () => {
    readConfig(root, {});
    await writeFile(file(), '');
    expect(() => readConfig(root, {})).toThrow(`${file()} holds no secret any more. Put it back from a backup`);
  });

  test('gives way to one that is set, and none is made then', async () => {
    expect(readConfig(root, { SECRET_KEY }).SECRET_KEY).toBe(SECRET_KEY);
    await expect(stat(file())).rejects.toThrow('ENOENT');
  });
});
