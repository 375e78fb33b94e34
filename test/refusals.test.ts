import fc from 'fast-check';
import { coalescer } from '../src/lib/coalesce.js';
import { openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage({ tellRefusals: true });
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const login = (email: string, password: string): Promise<Answer> =>
  stage.send('mutation ($i: LoginInput!) { login(input: $i) { user { id } } }', { variables: { i: { email, password } } });

/** A key that may read contacts. */
async function makeKey(): Promise<string> {
  const i = { name: 'Reader', scopes: ['contacts:read'], expiresAt: new Date(Date.now() + 86_400_000).toISOString() };
  const mutation = 'mutation ($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret } }';
  const { data } = await stage.send(mutation, { token: stage.tokenOf(org, 'OWNER'), variables: { i } });
  return data.createApiKey.secret as string;
}

interface Told {
  fact: string;
  times: number;
}

/** What the audit says was refused, once all is told. */
async function told(): Promise<Told[]> {
  await stage.app.door.refusals.flush();
  const { rows } = await stage.world.client.query<Told>(
    `SELECT concat_ws(' ', a.action, a.actor_kind, a.entity_type, a.operation) AS fact,
            coalesce((SELECT (v.after #>> '{}')::int FROM audit_values AS v WHERE v.org_id = a.org_id AND v.audit_id = a.id AND v.field = 'times'), 1) AS times
       FROM audit_logs AS a WHERE a.org_id = $1 AND a.action IN ('SIGN_IN_FAILED', 'DENIED') ORDER BY a.seq`,
    [org.id],
  );
  return rows;
}

interface Failure {
  reason: string;
  account: string | null;
  times: number;
  hasAddress: boolean;
}

/** The log of what concerns no organization, since the last call. */
async function strangers(): Promise<Failure[]> {
  await stage.app.door.refusals.flush();
  const { rows } = await stage.world.client.query<Failure>(
    'WITH gone AS (DELETE FROM throttle.signin_failures RETURNING *) SELECT reason, account, times, ip IS NOT NULL AS "hasAddress" FROM gone ORDER BY id',
  );
  return rows;
}

const verifies = async (): Promise<boolean> => {
  const { data } = await stage.send('{ auditVerify { ok } }', { token: stage.tokenOf(org, 'OWNER') });
  return data.auditVerify.ok as boolean;
};

test('a hostile client leaves a handful of facts, however often it fails, and nobody waits for them', async () => {
  await told();
  const { email } = org.users.MEMBER;
  const viewer = stage.tokenOf(org, 'VIEWER');
  const forbidden = 'mutation Sneak { createContact(input: { firstName: "Not", lastName: "Allowed" }) { contact { id } } }';
  const deal = await stage.world.deal(org, { owner_id: org.users.MEMBER.id });
  const write = `mutation { updateDeal(id: "${deal}", input: { title: "Still written" }) { deal { title } } }`;
  const attempt = (n: number): Promise<Answer>[] => [
    ...(n < 40 ? [login(email, 'not the password at all')] : []),
    stage.send(forbidden, { token: viewer }),
    ...(n % 50 ? [] : [stage.send(write, { token: stage.tokenOf(org) })]),
  ];
  const answers: Answer[] = [];
  for (let n = 0; n < 500; n += 20)
    answers.push(...(await Promise.all(Array.from({ length: 20 }, (_, more) => attempt(n + more)).flat())));
  const codes = answers.map(({ errors }) => errors?.[0]?.extensions.code ?? 'done');
  const count = (code: string): number => codes.filter((each) => each === code).length;
  expect([count('INVALID_CREDENTIALS'), count('FORBIDDEN'), count('done')]).toEqual([40, 500, 10]);
  const all = await told();
  const sumOf = (kind: string): [number, number] => {
    const some = all.filter(({ fact }) => fact.startsWith(kind));
    return [some.length, some.reduce((sum, { times }) => sum + times, 0)];
  };
  // Three one by one and one that counts the others; two of those when the minute was over in between.
  expect(sumOf('SIGN_IN_FAILED SYSTEM User')[1]).toBe(40);
  expect(sumOf('SIGN_IN_FAILED')[0]).toBeLessThanOrEqual(8);
  expect(sumOf('DENIED USER User Sneak')[1]).toBe(500);
  expect(sumOf('DENIED')[0]).toBeLessThanOrEqual(8);
  expect(await verifies()).toBe(true);
}, 60_000);

test('what a key may not do is told of the key, and a right password of nobody', async () => {
  await told();
  const token = await makeKey();
  await stage.send('query Deals { deals(first: 1) { nodes { id } } }', { token });
  await stage.send('query Contacts { contacts(first: 1) { nodes { id } } }', { token });
  await login(org.users.MEMBER.email, PASSWORD);
  expect(await told()).toEqual([{ fact: 'DENIED API_KEY ApiKey Deals', times: 1 }]);
});

test('what concerns no organization goes to a log of its own, without what was typed', async () => {
  await strangers();
  const address = 'nobody.knows@example.com';
  for (let n = 0; n < 5; n += 1) await login(n === 0 ? address.toUpperCase() : address, PASSWORD);
  const [first, ...others] = await strangers();
  expect(first).toEqual({
    reason: 'UNKNOWN_ACCOUNT',
    account: expect.stringMatching(/^[\w-]{43}$/) as string,
    times: 1,
    hasAddress: true,
  });
  expect(others.map(({ account, times }) => [account === first?.account, times])).toEqual([
    [true, 1],
    [true, 1],
    [false, 2],
  ]);
  const key = await makeKey();
  await stage.send('{ viewer { id } }', { token: `${key.slice(0, -4)}AAAA` });
  expect((await strangers()).map(({ reason, account }) => [reason, account])).toEqual([['UNKNOWN_KEY', null]]);
  // An inactive account is answered and told as if there were none.
  await stage.world.client.query('UPDATE users SET is_active = false WHERE id = $1', [org.users.VIEWER.id]);
  await login(org.users.VIEWER.email, PASSWORD);
  expect((await strangers()).map(({ reason }) => reason)).toEqual(['UNKNOWN_ACCOUNT']);
});

test('the log is nobody’s to read but the owner’s, and keeps thirty days and a hundred thousand rows at most', async () => {
  for (const url of [stage.database.appUrl, stage.database.signinUrl, stage.database.workerUrl]) {
    const client = await connect(url);
    await expect(client.query('SELECT FROM throttle.signin_failures')).rejects.toThrow(/permission denied/);
    await client.end();
  }
  const { client } = stage.world;
  await client.query('TRUNCATE throttle.signin_failures');
  await client.query(
    `INSERT INTO throttle.signin_failures (at, reason, times) SELECT now() - interval '31 days', 'UNKNOWN_KEY', 1 FROM generate_series(1, 10)`,
  );
  await client.query(
    `INSERT INTO throttle.signin_failures (reason, times) SELECT 'UNKNOWN_KEY', 1 FROM generate_series(1, 100500)`,
  );
  const worker = await connect(stage.database.workerUrl);
  await worker.query('SELECT jobs.sweep()');
  await worker.end();
  const { rows } = await client.query(
    'SELECT count(*)::int AS n, min(at) > now() - interval \'1 day\' AS "isNew" FROM throttle.signin_failures',
  );
  expect(rows).toEqual([{ n: 100_000, isNew: true }]);
});

test('whatever is added is counted, and no more is told than was promised', async () => {
  const additions = fc.array(fc.nat(30), { maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(additions, fc.nat(4), fc.integer({ min: 1, max: 8 }), async (kinds, first, mostKinds) => {
      const heard: [number, number][] = [];
      const merge = coalescer<number>({
        ...{ first, mostKinds, spanMs: 3_600_000 },
        kindOf: String,
        other: () => -1,
        tell: async (kind, times) => void heard.push([kind, times]),
      });
      kinds.forEach((kind) => merge.add(kind));
      await merge.close();
      expect(heard.reduce((sum, [, times]) => sum + times, 0)).toBe(kinds.length);
      expect(heard.length).toBeLessThanOrEqual((first + 1) * (mostKinds + 1));
      for (const kind of new Set(heard.map(([name]) => name)).values()) {
        const times = heard.filter(([name]) => name === kind).reduce((sum, [, n]) => sum + n, 0);
        if (kind >= 0) expect(times).toBe(kinds.filter((each) => each === kind).length);
      }
    }),
  );
});
