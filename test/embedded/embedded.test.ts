import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedServer } from '../../src/db/embedded/index.js';
import { restoreLinks } from '../../src/db/embedded/links.js';
import { findPackage } from '../../src/db/embedded/package.js';
import { movedDataDir } from '../../src/db/embedded/place.js';
import { run } from '../../src/db/embedded/run.js';

const SECONDS = 1_000;
const asRoot = process.getuid?.() === 0 ? it : it.skip;
const onLinux = process.platform === 'linux' ? it : it.skip;

let folder: string;
let said: string[];
let servers: EmbeddedServer[];
let others: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pulse-embedded-'));
  await chmod(folder, 0o755);
  said = [];
  servers = [];
  others = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  for (const other of others) other.kill();
  await rm(folder, { recursive: true, force: true });
});

/** Progress is told of what takes long, which depends on the machine. */
const saidButProgress = (): string[] => said.filter((line) => !line.endsWith('…'));

describe('the embedded PostgreSQL', () => {
  it(
    'keeps data, password and port from one start to the next, and stops as often as asked',
    async () => {
      const dataDir = path.join(folder, 'postgres');
      const first = await start(dataDir);
      await query(first, 'create table kept as select 42 as answer');
      await Promise.all([first.stop(), first.stop()]);
      await first.stop();
      const second = await start(dataDir);
      expect(second.superuserUrl).toBe(first.superuserUrl);
      expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
      // Progress lines (they end in …) come only on a machine that is slow just now.
      expect(saidButProgress()).toEqual([]);
    },
    30 * SECONDS,
  );

  it(
    'knows letters beyond a to z without any system locale of that language',
    async () => {
      const server = await start(path.join(folder, 'postgres'));
      await query(server, 'create extension pg_trgm');
      const rows = await query(
        server,
        `select lower('ÄRZTE') as lowered, cardinality(show_trgm('ä')) as trigrams,
              'Ärzte' collate "und-x-icu" < 'Zebra' as sorted, version() like 'PostgreSQL 18%' as recent`,
      );
      expect(rows).toEqual([{ lowered: 'ärzte', trigrams: 2, sorted: true, recent: true }]);
    },
    30 * SECONDS,
  );

  it(
    'listens on 127.0.0.1 only, takes our settings, and wants the password',
    async () => {
      const server = await start(path.join(folder, 'postgres'), { work_mem: '7MB', listen_addresses: '*' });
      const rows = await query(
        server,
        `select name, setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories', 'work_mem')
       order by name`,
      );
      expect(rows.map(({ setting }) => setting)).toEqual(['127.0.0.1', '', '7168']);
      const stranger = { ...server, superuserUrl: server.superuserUrl.replace(/:[0-9a-f]+@/, ':guess@') };
      await expect(query(stranger, 'select 1')).rejects.toThrow('password authentication failed');
    },
    30 * SECONDS,
  );

  it(
    'runs in a path with a space, and takes another port when the old one is taken',
    async () => {
      const dataDir = path.join(folder, 'my data', 'postgres');
      const first = await start(dataDir);
      await first.stop();
      const squatter = createServer().listen(first.port, '127.0.0.1');
      await once(squatter, 'listening');
      const second = await start(dataDir);
      squatter.close();
      expect(second.port).not.toBe(first.port);
      expect(await query(second, 'select 1 as one')).toEqual([{ one: 1 }]);
    },
    30 * SECONDS,
  );

  asRoot(
    'moves its data to where PostgreSQL can reach it when the folder above is closed',
    async () => {
      const dataDir = path.join(folder, 'closed', 'postgres');
      await mkdir(path.dirname(dataDir), { mode: 0o700 });
      const moved = path.dirname(movedDataDir(dataDir));
      try {
        const first = await start(dataDir);
        await query(first, 'create table kept as select 42 as answer');
        await first.stop();
        await chmod(path.dirname(dataDir), 0o755);
        const second = await start(dataDir);
        expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
        await second.stop();
        expect(saidButProgress()).toEqual([expect.stringContaining(moved), expect.stringContaining(moved)]);
      } finally {
        await rm(moved, { recursive: true, force: true });
      }
    },
    30 * SECONDS,
  );

  it(
    'stops the server that a killed Pulse left running, loses nothing, and refuses beside a living one',
    async () => {
      const dataDir = path.join(folder, 'postgres');
      const pulse = await startInAnotherProcess(dataDir);
      await expect(start(dataDir)).rejects.toThrow(`Pulse is already running on this data folder (pid ${pulse.pid}).`);
      pulse.kill('SIGKILL');
      await once(pulse, 'exit');
      const server = await start(dataDir);
      expect(said).toEqual([expect.stringContaining('left running')]);
      expect(await query(server, 'select answer from kept')).toEqual([{ answer: 42 }]);
    },
    30 * SECONDS,
  );

  it(
    'tells when the server ends by itself, and starts over what it left',
    async () => {
      const dataDir = path.join(folder, 'postgres');
      const first = await start(dataDir);
      process.kill(await postmasterId(dataDir), 'SIGKILL');
      await expect(first.exited).resolves.toEqual({ code: null });
      await first.stop();
      await expect(start(dataDir)).resolves.toHaveProperty('port');
    },
    30 * SECONDS,
  );

  onLinux(
    'is not fooled by process ids that were given to other programs',
    async () => {
      const dataDir = path.join(folder, 'postgres');
      await (await start(dataDir)).stop();
      await writeFile(path.join(folder, 'owner.pid'), `${process.ppid}\nan earlier boot:1\n`);
      const { uid } = await stat(dataDir);
      const stranger = spawn('sleep', ['60'], { uid });
      others.push(stranger);
      await writeFile(path.join(dataDir, 'postmaster.pid'), `${stranger.pid}\n${dataDir}\n1\n5432\n\n\n\nready\n`);
      await expect(start(dataDir)).resolves.toHaveProperty('port');
    },
    30 * SECONDS,
  );

  it(
    'refuses data of another major version, files that are no database, and data without its password',
    async () => {
      const dataDir = path.join(folder, 'postgres');
      await (await start(dataDir)).stop();
      await rm(path.join(folder, 'postgres-password'));
      await expect(start(dataDir)).rejects.toThrow('is missing. Put that file back');
      await writeFile(path.join(dataDir, 'PG_VERSION'), '16\n');
      await expect(start(dataDir)).rejects.toThrow(/written by PostgreSQL 16.*brings PostgreSQL 18.*npm run backup/);
      await rm(path.join(dataDir, 'PG_VERSION'));
      await expect(start(dataDir)).rejects.toThrow('not a PostgreSQL database');
      await expect(start(dataDir)).rejects.toHaveProperty('name', 'EmbeddedPostgresError');
      expect(existsSync(path.join(folder, 'owner.pid'))).toBe(false);
    },
    30 * SECONDS,
  );

  it(
    'starts over after a first start that was cut short',
    async () => {
      const halfMade = path.join(folder, 'postgres.init-AbCdEf', 'data', 'base');
      await mkdir(halfMade, { recursive: true });
      await mkdir(path.join(folder, 'postgres'));
      await start(path.join(folder, 'postgres'));
      expect((await readdir(folder)).filter((name) => name.includes('.init-'))).toEqual([]);
    },
    30 * SECONDS,
  );

  it(
    "shows the server's own words when it does not start",
    async () => {
      const attempt = start(path.join(folder, 'postgres'), { shared_buffers: 'plenty' });
      await expect(attempt).rejects.toThrow(/did not start on .*invalid value for parameter "shared_buffers": "plenty"/s);
    },
    30 * SECONDS,
  );
});

describe('the programs of the embedded PostgreSQL', () => {
  onLinux(
    'run again once their library links are restored',
    async () => {
      const native = path.join(folder, 'copied');
      await cp(findPackage().native, native, { recursive: true, verbatimSymlinks: true });
      await rm(path.join(native, 'lib', 'libicuuc.so.60'));
      const program = path.join(native, 'bin', 'postgres');
      expect((await run(program, ['--version'])).output).toContain('libicuuc.so.60');
      expect(await restoreLinks(native)).toBe('restored');
      expect((await run(program, ['--version'])).output).toContain('PostgreSQL) 18');
      expect(await restoreLinks(native)).toBe('whole');
    },
    30 * SECONDS,
  );

  it('are refused in a sentence where there are none', () => {
    const sentence = /brings no PostgreSQL for this system.*Set DATABASE_URL to a PostgreSQL 15 or newer/;
    expect(() => findPackage({ platform: 'linux', arch: 'x64', musl: true })).toThrow(sentence);
    expect(() => findPackage({ platform: 'freebsd', arch: 'x64', musl: false })).toThrow(sentence);
  });
});

async function start(dataDir: string, settings: Record<string, string> = {}): Promise<EmbeddedServer> {
  const server = await startEmbeddedPostgres({
    dataDir,
    say: (line) => said.push(line),
    settings: { fsync: 'off', shared_buffers: '16MB', ...settings },
  });
  servers.push(server);
  return server;
}

async function query(server: EmbeddedServer, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(server.superuserUrl);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A Pulse of its own, which can be killed without killing the tests. */
async function startInAnotherProcess(dataDir: string) {
  const root = path.resolve(import.meta.dirname, '../..');
  const script = `
    import pg from 'pg';
    import { startEmbeddedPostgres } from './src/db/embedded/index.ts';
    const { superuserUrl } = await startEmbeddedPostgres({ dataDir: process.argv[1], say: () => {} });
    const client = new pg.Client(superuserUrl);
    await client.connect();
    await client.query('create table kept as select 42 as answer');
    process.stdout.write('up');
    process.once('SIGTERM', () => process.exit());
    setInterval(() => {}, 1000);`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script, dataDir];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  others.push(child);
  await once(child.stdout, 'data');
  return child;
}

async function postmasterId(dataDir: string): Promise<number> {
  const file = await readFile(path.join(dataDir, 'postmaster.pid'), 'utf8');
  return Number(file.split('\n')[0]);
}
