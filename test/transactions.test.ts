import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from '../src/db/index.js';
import { openStage, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let orgs: Organization[];

beforeAll(async () => {
  // Sixty wait for five connections: on a busy machine longer than a caller would be let wait.
  stage = await openStage({ poolSize: 10, statementTimeoutMs: 1_000, connectTimeoutMs: 20_000 });
  orgs = await Promise.all(Array.from({ length: 6 }, () => stage.world.organization()));
});
afterAll(() => stage.close());

type Write = Stage['app']['database']['write'];
const write: Write = (...given) => stage.app.database.write(...given);
const first = (): Organization => orgs[0] as Organization;
const backend = async (tx: Transaction): Promise<number | undefined> => {
  const [row] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  return row?.pid;
};
const emailOfOwner = (orgId: string): Promise<string> =>
  write(orgId, async (tx) => (await tx.user.findFirstOrThrow({ where: { role: 'OWNER' }, select: { email: true } })).email);

test('Prisma and raw statements of a transaction are on one connection, however many transactions begin at once', async () => {
  const transactions = Array.from({ length: 60 }, (_, index) => orgs[index % orgs.length] as Organization).map(({ id }) =>
    write(id, async (tx) => {
      // No condition on the organization: only the connection says whose rows these are.
      const [users, pid, again] = [await tx.user.findMany({ select: { orgId: true } }), await backend(tx), await backend(tx)];
      const [row] = await tx.$queryRaw<{ org: string }[]>`SELECT current_setting('app.org_id') AS org`;
      return { id, seen: [...new Set(users.map(({ orgId }) => orgId))], org: row?.org, isOne: pid === again };
    }),
  );
  for (const { id, seen, org, isOne } of await Promise.all(transactions))
    expect({ seen, org, isOne }).toEqual({ seen: [id], org: id, isOne: true });
});

test('what Prisma wrote goes when the transaction fails, and what comes after it has a clean connection', async () => {
  const { id } = first();
  const before = await emailOfOwner(id);
  const failing = write(id, async (tx) => {
    await tx.user.updateMany({ where: { role: 'OWNER' }, data: { email: 'changed@example.com' } });
    throw new Error('The work failed.');
  });
  await expect(failing).rejects.toThrow('The work failed.');
  expect(await Promise.all(Array.from({ length: 10 }, () => emailOfOwner(id)))).toEqual(Array(10).fill(before));
});

test('a transaction is not committed when a statement of it failed, though its work went on', async () => {
  const { id } = first();
  const before = await emailOfOwner(id);
  const swallowing = write(id, async (tx) => {
    await tx.user.updateMany({ where: { role: 'OWNER' }, data: { email: 'swallowed@example.com' } });
    await tx.$executeRawUnsafe('SELECT 1 / 0').catch(() => undefined);
  });
  await expect(swallowing).rejects.toThrow('failed, and nobody heard of it');
  expect(await emailOfOwner(id)).toBe(before);
});

test('where the statement that is sent with the commit fails, nothing happens, and its own error is told', async () => {
  const { id } = first();
  const before = await emailOfOwner(id);
  const ending = write(id, async (tx, atEnd) => {
    await tx.user.updateMany({ where: { role: 'OWNER' }, data: { email: 'ended@example.com' } });
    atEnd({ text: 'SELECT 1 / $1::int', values: [0] });
  });
  await expect(ending).rejects.toMatchObject({ code: '22012' });
  expect(await emailOfOwner(id)).toBe(before);
});

test('a transaction that takes six times as long as a statement may is given up, and its connection serves the next one', async () => {
  const { id } = first();
  const idle = write(id, async (tx) => {
    for (let n = 0; n < 40; n += 1) {
      await backend(tx);
      await sleep(250);
    }
  });
  await expect(idle).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(emailOfOwner(id)).resolves.toContain('@');
});

test('a change that is aborted stops what it is doing, and says why', async () => {
  const stop = new AbortController();
  const work = async (tx: Transaction): Promise<unknown> => tx.$queryRaw`SELECT pg_sleep(10)`;
  const sleeping = write(first().id, work, stop.signal);
  setTimeout(() => stop.abort(new Error('Nobody waits for it any more.')), 50);
  await expect(sleeping).rejects.toThrow('Nobody waits for it any more.');
  expect(stage.app.database.pools().find(({ name }) => name === 'write')?.waiting).toBe(0);
  await expect(emailOfOwner(first().id)).resolves.toContain('@');
});

test('a change that is aborted when its work is done is not committed without the statement that was to come last', async () => {
  const { id } = first();
  const before = await emailOfOwner(id);
  const stop = new AbortController();
  const ending = write(
    id,
    async (tx, atEnd) => {
      await tx.user.updateMany({ where: { role: 'OWNER' }, data: { email: 'without-facts@example.com' } });
      atEnd({ text: 'SELECT 1', values: [] });
      stop.abort(new Error('Too late.'));
    },
    stop.signal,
  );
  await expect(ending).rejects.toThrow('Too late.');
  expect(await emailOfOwner(id)).toBe(before);
});
