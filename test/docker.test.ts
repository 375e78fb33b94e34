import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { SETTINGS } from '../src/environment.js';
import { ROOT } from './support/cluster.js';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const lines = read('Dockerfile').replace(/\\\n/g, ' ').split('\n');
const instructions = lines
  .map((line) => /^([A-Z]+) (.*)$/.exec(line))
  .filter((match) => match !== null)
  .map(([, name = '', value = '']) => ({ name, value }));
const valuesOf = (name: string): string[] => instructions.filter((each) => each.name === name).map(({ value }) => value);
const compose = parse(read('docker-compose.yml'));

describe('the image', () => {
  test('is made from Node 24', () => {
    const bases = valuesOf('FROM').map((value) => value.split(' ')[0]);
    expect(new Set(bases)).toEqual(new Set(['node:24-slim']));
  });

  test('copies only what is there, and what .dockerignore lets in', () => {
    const sources = valuesOf('COPY')
      .filter((value) => !value.startsWith('--from='))
      .flatMap((value) => value.split(' ').slice(0, -1));
    const allowed = read('.dockerignore').match(/(?<=^!).+$/gm);
    expect(sources).not.toHaveLength(0);
    expect(sources.filter((source) => !existsSync(path.join(ROOT, source)))).toEqual([]);
    expect(new Set(sources)).toEqual(new Set(allowed));
    expect(read('.dockerignore')).toMatch(/^\*$/m);
  });

  test('runs as somebody else than root, with node as the process that gets the signals', () => {
    expect(valuesOf('USER')).toEqual(['node']);
    expect(instructions.findIndex(({ name }) => name === 'USER')).toBeGreaterThan(
      instructions.findLastIndex(({ name }) => ['COPY', 'RUN'].includes(name)),
    );
    expect(valuesOf('CMD')).toEqual(['["node", "--enable-source-maps", "dist/src/main.js"]']);
    expect(valuesOf('ENV').join(' ')).toMatch(/NODE_ENV=production HOST=0\.0\.0\.0 PORT=4000/);
    expect(valuesOf('HEALTHCHECK').join(' ')).toContain('/readyz');
  });
});

describe('docker-compose.yml', () => {
  test('starts the API once PostgreSQL is healthy, with settings that exist', () => {
    expect(Object.keys(compose.services)).toEqual(['postgres', 'api', 'worker', 'mailpit']);
    for (const name of ['api', 'worker']) {
      expect(compose.services[name].depends_on.postgres.condition).toBe('service_healthy');
      expect(Object.keys(compose.services[name].environment).filter((each) => !(each in SETTINGS))).toEqual([]);
    }
    expect(compose.services.postgres.healthcheck.test).toContain('pg_isready');
  });

  test('gives API and worker a user of their own, not the superuser', () => {
    for (const name of ['api', 'worker']) {
      expect(compose.services[name].environment.DATABASE_URL).toMatch(/^postgres:\/\/pulse:\$\{PULSE_DATABASE_PASSWORD:\?/);
      expect(JSON.stringify(compose.services[name])).not.toContain('POSTGRES_PASSWORD');
    }
    expect(read('docker/postgres/pulse.sql')).toMatch(/CREATE ROLE pulse LOGIN CREATEROLE NOSUPERUSER/);
  });

  test('has what a worker in production needs, and sends mail nowhere unless told to', () => {
    const { command, environment } = compose.services.worker;
    expect(command.at(-1)).toBe('dist/src/worker-cli.js');
    expect(existsSync(path.join(ROOT, 'src/worker-cli.ts'))).toBe(true);
    expect(environment).toMatchObject({ MAIL_FROM: expect.any(String), APP_URL: expect.any(String) });
    expect(environment.SMTP_URL).toBe('${SMTP_URL:-smtp://mailpit:1025}');
  });

  test('mounts only what is there', () => {
    const services = Object.values(compose.services as Record<string, { volumes?: string[] }>);
    const mounted = services.flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const folders = mounted.filter((source) => source.startsWith('./'));
    expect(folders.filter((source) => !existsSync(path.join(ROOT, source)))).toEqual([]);
    const named = mounted.filter((source) => !source.startsWith('./'));
    expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
    for (const name of ['api', 'worker'])
      expect(compose.services[name].volumes).toEqual([
        `erasures:${path.dirname(compose.services[name].environment.ERASURE_LEDGER as string)}`,
      ]);
  });
});

test('no secret is written down: each one comes from .env, and who forgot it is told where to look', () => {
  const services = Object.values(compose.services as Record<string, { environment?: Record<string, string> }>);
  const settings = services.flatMap(({ environment = {} }) => Object.entries(environment));
  const secrets = settings.filter(([name]) => /PASSWORD|SECRET|DATABASE_URL/.test(name)).map(([, value]) => value);
  expect(secrets).toHaveLength(6);
  for (const secret of secrets)
    expect(secret).toMatch(/^(postgres:\/\/pulse:)?\$\{\w+:\?[^}]*docker\/env\.example\}(@postgres:5432\/pulse)?$/);
  const named = new Set(secrets.map((secret) => /\{(\w+)/.exec(secret)?.[1]));
  const empty = [...read('docker/env.example').matchAll(/^(\w+)=$/gm)].map(([, name]) => name);
  expect(named).toEqual(new Set(empty));
  expect([...valuesOf('ENV'), ...valuesOf('ARG')].join(' ')).not.toMatch(/password|secret|database_url/i);
  expect(read('docker/postgres/pulse.sql').match(/PASSWORD .*/g)).toEqual([`PASSWORD :'password';`]);
  expect(read('.gitignore')).toMatch(/^\.env$/m);
});
