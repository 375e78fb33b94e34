import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import type { Role } from '../src/caller.js';
import { readConfig } from '../src/config.js';
import { createBackup } from '../src/db/backup/index.js';
import { start } from '../src/start.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { ROOT, SECRET } from './support/cluster.js';
import { colleague, seedColleague, STRONG } from './support/colleague.js';
import { connect, type TestDatabase } from './support/database.js';
import { dump, hits } from './support/dump.js';
import { restoredDatabase, settingsFor } from './support/restored.js';
import type { Organization } from './support/world.js';

const folder = mkdtempSync(path.join(tmpdir(), 'pulse-erase-user-'));
const file = path.join(folder, 'erasures.jsonl');
let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ erasureLedger: file });
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

const codeOf = ({ errors }: Answer): string | undefined =>
  errors?.[0]?.extensions.fields?.[0]?.code ?? errors?.[0]?.extensions.code;

const attempt = (org: Organization, query: string, variables: object = {}, role: Role = 'OWNER'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables: variables as Record<string, unknown> });

/** Asks as somebody of an organization; what fails, fails the test. */
async function ask<Data>(org: Organization, query: string, variables: object = {}, role: Role = 'OWNER'): Promise<Data> {
  const answer = await attempt(org, query, variables, role);
  expect(answer.errors).toBeUndefined();
  return Object.values(answer.data as object)[0] as Data;
}

const ERASE = `mutation ($id: ID!, $why: String!) { eraseUser(id: $id, reason: $why) {
  erasure { id kind recordId reason receipt requestedBy { id } counts { table count } } } }`;
const DEACTIVATE = 'mutation ($id: ID!) { deactivateUser(id: $id) { user { id } } }';
const VERIFY = '{ auditVerify { ok isComplete firstBad { seq } } }';
const IN_ORDER = { ok: true, isComplete: true, firstBad: null };

interface Erased {
  erasure: { id: string; receipt: string; counts: { table: string; count: number }[] };
}

describe('erasing a former colleague', () => {
  test('leaves none of their data in any table, their records and facts under a pseudonym, a chain that holds and a receipt', async () => {
    const org = await stage.world.organization();
    const c = colleague();
    const left = await seedColleague(stage, org, c, 'ADMIN');
    const tokens = Object.values(c);
    expect(hits(await dump(stage.world.client), tokens)).toEqual(tokens);
    const why = `Asked for by ${c.firstName} ${c.lastName}`;
    const { erasure } = await ask<Erased>(org, ERASE, { id: left.userId, why });
    expect(hits(await dump(stage.world.client), tokens)).toEqual([]);
    // Mails that wait have nobody to go to.
    expect((await stage.mails()).map(({ to }) => to)).toEqual([]);
    expect(erasure).toMatchObject({
      ...{ kind: 'USER', recordId: left.userId, reason: 'Asked for by [erased] [erased]' },
      requestedBy: { id: org.users.OWNER.id },
    });
    const counts = Object.fromEntries(erasure.counts.map(({ table, count }) => [table, count]));
    expect(counts).toMatchObject({ users: 1, invitations: 2, api_keys: 1, deals: 1, activities: 1, legal_holds: 1, consents: 1 });
    expect(await ask(org, VERIFY)).toEqual(IN_ORDER);
    const check = 'query ($r: String!) { verifyErasureReceipt(receipt: $r) { isValid erasure { recordId } } }';
    expect(await ask(org, check, { r: erasure.receipt })).toEqual({ isValid: true, erasure: { recordId: left.userId } });

    const name = `Former colleague ${left.userId.slice(-6)}`;
    const user = 'query ($id: ID!) { user(id: $id) { displayName email isActive timeZone locale lastLoginAt erasedAt } }';
    expect(await ask(org, user, { id: left.userId })).toEqual({
      ...{ displayName: name, email: `erased-${left.userId}@erased.invalid`, isActive: false },
      ...{ timeZone: null, locale: null, lastLoginAt: null, erasedAt: expect.any(String) as string },
    });
    const deal = 'query ($id: ID!) { deal(id: $id) { title value owner { id } } }';
    expect(await ask(org, deal, { id: left.dealId })).toEqual({
      ...{ title: '[erased]: licences', value: '1200.00', owner: { id: org.users.MANAGER.id } },
    });
    const activity = 'query ($id: ID!) { activity(id: $id) { subject description createdBy { displayName } } }';
    expect(await ask(org, activity, { id: left.activityId })).toEqual({
      ...{ subject: 'Sent by [erased]', description: 'Regards, [erased]', createdBy: { displayName: name } },
    });
    const facts =
      'query ($id: ID!) { auditLog(first: 50, filter: { actorId: { eq: $id } }) { nodes { action actor { displayName } ipAddress } } }';
    const { nodes } = await ask<{ nodes: { action: string }[] }>(org, facts, { id: left.userId });
    expect(nodes.map(({ action }) => action)).toEqual(expect.arrayContaining(['JOIN', 'UPDATE', 'CREATE', 'CHANGE_EMAIL']));
    expect(new Set(nodes.map((node) => JSON.stringify({ ...node, action: '' })))).toEqual(
      new Set([JSON.stringify({ action: '', actor: { displayName: name }, ipAddress: null })]),
    );
  });

  test('happens once, and they can neither sign in nor be brought back; their address can join anew', async () => {
    const org = await stage.world.organization();
    const c = colleague();
    const { userId: id } = await seedColleague(stage, org, c);
    const first = await ask<Erased>(org, ERASE, { id, why: 'Asked for' }, 'ADMIN');
    expect(await ask<Erased>(org, ERASE, { id, why: 'Asked for again' }, 'ADMIN')).toEqual(first);
    const verbs = [
      'reactivateUser(id: $id)',
      'updateUser(id: $id, input: { lastName: "x" })',
      'changeRole(id: $id, role: ADMIN)',
    ];
    for (const verb of verbs)
      expect(codeOf(await attempt(org, `mutation ($id: ID!) { ${verb} { user { id } } }`, { id }))).toBe('NOT_FOUND');
    const login = 'mutation ($i: LoginInput!) { login(input: $i) { accessToken } }';
    for (const email of [c.email, `erased-${id}@erased.invalid`])
      expect(codeOf(await stage.send(login, { variables: { i: { email, password: STRONG } } }))).toBe('INVALID_CREDENTIALS');
    const invite = 'mutation ($i: InviteUserInput!) { inviteUser(input: $i) { invitation { email } } }';
    expect(await ask(org, invite, { i: { email: c.email, role: 'MEMBER' } })).toEqual({ invitation: { email: c.email } });
    const { contact } = await ask<{ contact: { erasedBefore: boolean } }>(
      ...([
        org,
        'mutation ($e: String!) { createContact(input: { email: $e }) { contact { erasedBefore } } }',
        { e: c.email },
      ] as const),
    );
    expect(contact.erasedBefore).toBe(true);
  });

  test('is for those who manage the team, of somebody who has left, is not above, and is not oneself', async () => {
    const org = await stage.world.organization();
    const other = await stage.world.organization();
    const { MEMBER, ADMIN, OWNER, MANAGER } = org.users;
    expect(codeOf(await attempt(org, ERASE, { id: MEMBER.id, why: 'x' }))).toBe('STILL_ACTIVE');
    expect(codeOf(await attempt(org, ERASE, { id: OWNER.id, why: 'x' }))).toBe('OWN_ACCOUNT');
    expect(codeOf(await attempt(org, ERASE, { id: OWNER.id, why: 'x' }, 'ADMIN'))).toBe('FORBIDDEN');
    expect(codeOf(await attempt(org, DEACTIVATE, { id: OWNER.id }))).toBe('LAST_OWNER');
    for (const id of [MEMBER.id, ADMIN.id]) await ask(org, DEACTIVATE, { id });
    for (const role of ['MANAGER', 'VIEWER'] as const)
      expect(codeOf(await attempt(org, ERASE, { id: MEMBER.id, why: 'x' }, role))).toBe('FORBIDDEN');
    for (const id of [MEMBER.id, 'no-uuid', '', '\u0000', await stage.world.contact(other)])
      expect(codeOf(await attempt(other, ERASE, { id, why: 'x' }))).toBe('NOT_FOUND');
    for (const why of ['', ' ', 'x'.repeat(1_001)])
      expect((await attempt(org, ERASE, { id: MEMBER.id, why })).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
    expect(await ask(org, '{ users { nodes { erasedAt } } }', {}, 'MANAGER')).toEqual({
      nodes: Object.keys(org.users).map(() => ({ erasedAt: null })),
    });
    await ask(org, ERASE, { id: ADMIN.id, why: 'x' });
    expect(await ask(org, 'query ($id: ID!) { erasure(recordId: $id) { kind } }', { id: ADMIN.id })).toEqual({ kind: 'USER' });
    const edit = 'mutation ($id: ID!) { reassignRecords(from: $id, to: "' + MANAGER.id + '") { remaining } }';
    expect(await ask(org, edit, { id: ADMIN.id })).toEqual({ remaining: 0 });
  });

  test("masks them in records they had before, and leaves a name alone that can be somebody else's", async () => {
    const org = await stage.world.organization();
    const c = colleague();
    const left = await seedColleague(stage, org, c);
    const rename = 'mutation ($id: ID!, $i: UpdateDealInput!) { updateDeal(id: $id, input: $i) { deal { title } } }';
    const other = await stage.world.deal(org, { title: `Of ${c.firstName} ${c.lastName}, a customer` });
    await ask(org, rename, { id: left.dealId, i: { title: `${c.firstName}: more licences` } });
    await ask(org, ERASE, { id: left.userId, why: 'Asked for' });
    const deal = 'query ($id: ID!) { deal(id: $id) { title } }';
    expect(await ask(org, deal, { id: left.dealId })).toEqual({ title: `${c.firstName}: more licences` });
    // Nothing leads from it to the colleague.
    expect(await ask(org, deal, { id: other })).toEqual({ title: `Of ${c.firstName} ${c.lastName}, a customer` });
    expect(hits(await dump(stage.world.client), [c.maidenName])).toEqual([]);
    expect(await ask(org, VERIFY)).toEqual(IN_ORDER);
  });

  test('is all that the server may forget with: what is known of others stays, whatever it asks for', async () => {
    const org = await stage.world.organization();
    const [erased, kept] = [org.users.MEMBER, org.users.MANAGER];
    await ask(org, DEACTIVATE, { id: erased.id });
    await ask(org, ERASE, { id: erased.id, why: 'Asked for' });
    const forget = 'mutation ($e: String!) { requestPasswordReset(email: $e) { accepted } }';
    await stage.send(forget, { variables: { e: kept.email } });
    const client = await connect(stage.database.appUrl);
    try {
      await client.query(`SELECT set_config('app.org_id', $1, false)`, [org.id]);
      const asked = (call: string, values: unknown[]): Promise<unknown> => client.query(`SELECT privacy.${call}`, values);
      for (const table of ['sessions', 'account_tokens', 'registrations'])
        await expect(asked(`forget('${table}', $1, '{email}')`, [kept.id])).rejects.toThrow(/somebody who was erased/);
      await expect(asked('forget_reset_requests($1, $2)', [kept.id, [kept.email]])).rejects.toThrow(/somebody who was erased/);
      for (const [table, column] of [
        ['consents', 'source'],
        ['contacts', 'last_name'],
        ['users', 'role'],
        ['audit_values', 'after'],
      ])
        await expect(asked(`forget($1, $2, $3)`, [table, erased.id, [column]])).rejects.toThrow(/Nothing of the kind/);
      await asked('forget_reset_requests($1, $2)', [erased.id, [kept.email]]);
    } finally {
      await client.end();
    }
    const asked = await stage.world.client.query('SELECT FROM reset_requests WHERE email = $1', [kept.email]);
    expect(asked.rowCount).toBe(1);
  });

  // Seconds on a machine that may have other things to do.
  test('of somebody who wrote 10,000 activities takes seconds', async () => {
    const org = await stage.world.organization();
    const { id } = org.users.MEMBER;
    await ask(
      org,
      'mutation ($id: ID!) { updateUser(id: $id, input: { firstName: "Busy", lastName: "Colleague" }) { user { id } } }',
      {
        id,
      },
    );
    await stage.world.client.query(
      `INSERT INTO activities (org_id, id, user_id, contact_id, type, subject, description)
       SELECT $1, gen_random_uuid(), $2, $3, 'NOTE', 'Note of a talk ' || n, 'Regards, Busy Colleague' FROM generate_series(1, 10000) AS n`,
      [org.id, id, await stage.world.contact(org)],
    );
    await ask(org, DEACTIVATE, { id });
    const began = performance.now();
    const { erasure } = await ask<Erased>(org, ERASE, { id, why: 'Asked for' });
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(erasure.counts).toContainEqual({ table: 'activities', count: 10_000 });
  }, 60_000);
});

describe('a backup from before', () => {
  /** Starts Pulse on a database as `npm start` does, and stops it again. @returns what the terminal showed. */
  async function run(database: TestDatabase): Promise<string[]> {
    const shown: string[] = [];
    const config = readConfig(ROOT, { ...settingsFor(database), ERASURE_LEDGER: file });
    const running = await start(ROOT, config, pino({ level: 'silent' }), (line) => void shown.push(line));
    const { statusCode } = await running.app.http.inject({ url: '/readyz' });
    await running.stop();
    expect(statusCode).toBe(200);
    return shown;
  }

  test('does not bring a colleague back; the only owner there was stays until there is another one', async () => {
    const [org, alone] = [await stage.world.organization(), await stage.world.organization()];
    const [c, founder] = [colleague(), alone.users.OWNER];
    const { userId } = await seedColleague(stage, org, c, 'ADMIN');
    await ask(org, 'mutation ($id: ID!) { reactivateUser(id: $id) { user { id } } }', { id: userId });
    const target = path.join(folder, 'backup');
    await createBackup({ url: stage.database.ownerUrl, folder: target, secret: SECRET, say: () => undefined });
    await ask(org, DEACTIVATE, { id: userId });
    await ask(org, ERASE, { id: userId, why: 'Asked for' });
    // The founder hands over, and leaves.
    await ask(alone, 'mutation ($id: ID!) { changeRole(id: $id, role: OWNER) { user { id } } }', { id: alone.users.ADMIN.id });
    await ask(alone, DEACTIVATE, { id: founder.id }, 'ADMIN');
    await ask(alone, ERASE, { id: founder.id, why: 'Asked for' }, 'ADMIN');
    expect(hits(readFileSync(file, 'utf8'), Object.values(c))).toEqual([]);

    const restored = await restoredDatabase(target);
    const client = await connect(restored.ownerUrl);
    try {
      expect(hits(await dump(client), Object.values(c))).toEqual(Object.values(c));
      const stays =
        `The user ${founder.id} of organization ${alone.id} was erased after this backup, and is its only owner here. They are not erased again ` +
        'before somebody else is an owner (see "The ledger of erasures" in docs/OPERATIONS.md); then start Pulse once more.';
      // Two that start at once, each looks for the same people.
      const shown = (await Promise.all([run(restored), run(restored)])).flat();
      expect(shown.sort()).toEqual(['1 who had been erased after this backup were erased again.', stays, stays]);
      const whole = await dump(client);
      expect(hits(whole, Object.values(c))).toEqual([]);
      expect(hits(whole, [founder.email])).toEqual([founder.email]);
      expect(await run(restored)).toEqual([stays]);
      await client.query(`UPDATE users SET role = 'OWNER' WHERE org_id = $1 AND id = $2`, [alone.id, alone.users.ADMIN.id]);
      expect(await run(restored)).toEqual(['1 who had been erased after this backup were erased again.']);
      expect(hits(await dump(client), [founder.email])).toEqual([]);
      const actors = await client.query(`SELECT DISTINCT actor_kind FROM audit_logs WHERE org_id = $1 AND action = 'ERASE'`, [
        alone.id,
      ]);
      expect(actors.rows).toEqual([{ actor_kind: 'SYSTEM' }]);
    } finally {
      await client.end();
    }
  }, 60_000);
});
