import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { ROLES, type Role } from '../src/caller.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import { dump, hits } from './support/dump.js';
import { person, seedPerson, tokensOf } from './support/person.js';
import type { Columns, Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const DAY = 86_400_000;
const MINUTE = 60_000;
/** A moment so long ago. */
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

const attempt = (query: string, variables: object = {}, role: Role = 'ADMIN', whose = org): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(whose, role), variables: variables as Record<string, unknown> });

/** What the one field of a request answers; what fails, fails the test. */
async function ask<Data>(query: string, variables: object = {}, role: Role = 'ADMIN', whose = org): Promise<Data> {
  const { data, errors } = await attempt(query, variables, role, whose);
  expect(errors).toBeUndefined();
  return Object.values(data as object)[0] as Data;
}

const CODES = ({ errors }: Answer): string[] => (errors ?? []).map(({ extensions }) => extensions.code);
const RULE = 'retentionRule { id version kind span state activatedAt activatedBy { id } }';
const SET = `mutation ($kind: RetentionKind!, $span: Int!) { setRetentionRule(input: { kind: $kind, span: $span }) { ${RULE} } }`;
const ACTIVATE = `mutation ($id: ID!, $n: Int!, $v: Int!) {
  activateRetentionRule(id: $id, previewedCount: $n, expectedVersion: $v) { ${RULE} } }`;
const REMOVE = `mutation ($id: ID!) { removeRetentionRule(id: $id) { ${RULE} } }`;
const PREVIEW = `query ($id: ID!) { retentionPreview(ruleId: $id) { wouldRemove tables { table count } heldBack { reason count }
  sample { table recordId since heldBack } rule { id version } } }`;
const RUNS =
  '{ retentionRules { kind state runs { state examined removed skipped skippedBecause { reason count } error finishedAt } } }';

interface Rule {
  id: string;
  version: number;
  state: string;
}
interface Preview {
  wouldRemove: number;
  tables: { table: string; count: number }[];
  heldBack: { reason: string; count: number }[];
  sample: { table: string; recordId: string; since: string; heldBack: string | null }[];
  rule: { id: string; version: number };
}
interface Run {
  state: string;
  examined: number;
  removed: number;
  skipped: number;
  skippedBecause: { reason: string; count: number }[];
  error: string | null;
  finishedAt: string | null;
}

const set = async (kind: string, span: number, whose = org): Promise<Rule> =>
  (await ask<{ retentionRule: Rule }>(SET, { kind, span }, 'ADMIN', whose)).retentionRule;
const preview = (id: string, whose = org): Promise<Preview> => ask<Preview>(PREVIEW, { id }, 'ADMIN', whose);
async function activate(id: string, whose = org): Promise<Rule> {
  const { wouldRemove, rule } = await preview(id, whose);
  const variables = { id, n: wouldRemove, v: rule.version };
  return (await ask<{ retentionRule: Rule }>(ACTIVATE, variables, 'ADMIN', whose)).retentionRule;
}
const runs = async (kind?: string): Promise<Run[]> =>
  (await ask<{ kind: string; runs: Run[] }[]>(RUNS)).filter((rule) => !kind || rule.kind === kind).flatMap((rule) => rule.runs);

/** Sets a rule, activates it, and lets a worker sweep. @returns what the sweep came to. */
async function sweep(kind: string, span: number): Promise<Run | undefined> {
  await activate((await set(kind, span)).id);
  await stage.mails(org.id);
  return (await runs(kind))[0];
}

/** Which of some rows are there, in their order. */
async function left(table: string, ids: string[]): Promise<string[]> {
  const { rows } = await stage.world.client.query<{ id: string }>(`SELECT id FROM ${table} WHERE id = ANY ($1)`, [ids]);
  return ids.filter((id) => rows.some((row) => row.id === id));
}

/** Which of some contacts were not erased, in their order. */
async function known(ids: string[]): Promise<string[]> {
  const { rows } = await stage.world.client.query<{ id: string }>(
    'SELECT id FROM contacts WHERE id = ANY ($1) AND erased_at IS NULL',
    [ids],
  );
  return ids.filter((id) => rows.some((row) => row.id === id));
}

/** Every row of some organizations, by table. */
async function contentsOf(...orgs: Organization[]): Promise<Record<string, string>> {
  const { rows: tables } = await stage.world.client.query<{ name: string }>(
    `SELECT DISTINCT table_name AS name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name = 'org_id'`,
  );
  const contents: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await stage.world.client.query<{ hash: string }>(
      `SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS hash FROM public.${name} AS t WHERE org_id = ANY ($1)`,
      [orgs.map(({ id }) => id)],
    );
    contents[name] = rows[0]?.hash ?? '';
  }
  return contents;
}

const actions = async (action: string): Promise<{ type: string; id: string }[]> =>
  (
    await stage.world.client.query<{ type: string; id: string }>(
      'SELECT entity_type AS type, entity_id AS id FROM audit_logs WHERE org_id = $1 AND action = $2 ORDER BY seq',
      [org.id, action],
    )
  ).rows;

/** A lead with whom nothing has happened for so long. */
const lead = (ms: number, columns: Columns = {}, whose = org): Promise<string> =>
  stage.world.contact(whose, { status: 'LEAD', created_at: ago(ms), updated_at: ago(ms), ...columns });

const hold = (contactId: string): Promise<unknown> =>
  ask('mutation ($id: ID!) { placeLegalHold(contactId: $id, reason: "Lawsuit") { legalHold { id } } }', { id: contactId });

describe('a rule', () => {
  test('is a DRY_RUN, which changes no table, and is activated with what its preview said', async () => {
    const [gone, kept] = [await stage.world.contact(org, { deleted_at: ago(31 * DAY) }), await lead(0)];
    const rule = await set('DELETED_RECORDS', 30);
    expect(rule).toMatchObject({ kind: 'DELETED_RECORDS', span: 30, state: 'DRY_RUN', activatedAt: null });
    const before = await contentsOf(org);
    const seen = await preview(rule.id);
    await callJobs('plan_retention');
    await stage.mails(org.id);
    expect(await contentsOf(org)).toEqual(before);
    expect(seen).toMatchObject({ wouldRemove: 1, tables: [{ table: 'contacts', count: 1 }], heldBack: [] });
    expect(seen.sample).toMatchObject([{ table: 'contacts', recordId: gone, heldBack: null }]);
    const { errors, ...refused } = await attempt(ACTIVATE, { id: rule.id, n: 2, v: rule.version });
    expect(errors?.[0]).toMatchObject({
      message: 'By now 1 rows would go, and you have seen 2. Look at retentionPreview again, and activate with what it says.',
      extensions: { code: 'CONFLICT' },
    });
    expect(refused.data).toEqual({ activateRetentionRule: null });
    expect(CODES(await attempt(ACTIVATE, { id: rule.id, n: 1, v: rule.version + 1 }))).toEqual(['CONFLICT']);
    expect(await activate(rule.id)).toMatchObject({ state: 'ACTIVE', activatedBy: { id: org.users.ADMIN.id } });
    await stage.mails(org.id);
    expect(await known([gone, kept])).toEqual([kept]);
  });

  test('whose span changes is a DRY_RUN again; one that is removed sweeps no more, and is set anew', async () => {
    const rule = await set('SESSIONS', 7);
    expect(await activate(rule.id)).toMatchObject({ state: 'ACTIVE', version: 2 });
    expect(await set('SESSIONS', 7)).toMatchObject({ state: 'ACTIVE', version: 2 });
    expect(await set('SESSIONS', 8)).toMatchObject({ id: rule.id, state: 'DRY_RUN', activatedAt: null, version: 3 });
    await activate(rule.id);
    const session = await endedSession(9 * DAY);
    const { retentionRule } = await ask<{ retentionRule: Rule }>(REMOVE, { id: rule.id });
    expect(retentionRule).toMatchObject({ state: 'OFF', activatedBy: null });
    await callJobs('plan_retention');
    await stage.mails(org.id);
    expect(await left('sessions', [session])).toEqual([session]);
    const again = await attempt(ACTIVATE, { id: rule.id, n: 1, v: 5 });
    expect(again.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ code: 'OFF' }] });
    expect(await set('SESSIONS', 8)).toMatchObject({ id: rule.id, state: 'DRY_RUN' });
    expect((await actions('REMOVE')).map(({ type }) => type)).toEqual(['RetentionRule']);
  });

  test.each([
    ['INACTIVE_LEADS', 0, 121],
    ['DELETED_RECORDS', 0, 3_651],
    ['SESSIONS', 0, 31],
    ['MAILS', 6, 3_651],
    ['JOBS', 6, 31],
  ])('of %s has its limits', async (kind, below, above) => {
    for (const span of [below, above, -1]) {
      const { errors } = await attempt(SET, { kind, span });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: ['input', 'span'] }] });
    }
    for (const span of [below + 1, above - 1]) expect(await set(kind, span)).toMatchObject({ kind, span });
  });

  test('is for owners and admins who signed in, and of their organization', async () => {
    const others = await stage.world.organization();
    const { id } = await set('SESSIONS', 7);
    const theirs = await set('SESSIONS', 7, others);
    const asked: [string, object][] = [
      [SET, { kind: 'JOBS', span: 7 }],
      [ACTIVATE, { id, n: 0, v: 1 }],
      [REMOVE, { id }],
      [PREVIEW, { id }],
      [RUNS, {}],
    ];
    for (const role of ROLES.filter((each) => each !== 'OWNER' && each !== 'ADMIN'))
      for (const [query, variables] of asked) expect(CODES(await attempt(query, variables, role))).toEqual(['FORBIDDEN']);
    for (const [query, variables] of asked.slice(1, 4))
      for (const foreign of [theirs.id, randomUUID(), 'none'])
        expect(CODES(await attempt(query, { ...variables, id: foreign }))).toEqual(['NOT_FOUND']);
    expect(await ask<Rule[]>('{ retentionRules { id } }')).toEqual([{ id }]);
    expect(await ask<Rule[]>('{ retentionRules { id } }', {}, 'OWNER', others)).toEqual([{ id: theirs.id }]);
  });
});

describe('a sweep', () => {
  test('takes what is just over and nothing that is not, and reaches no other organization', async () => {
    const others = await stage.world.organization();
    const [over, under] = [30 * DAY + MINUTE, 30 * DAY - MINUTE];
    const made: Record<string, string[]> = {};
    for (const table of ['company', 'deal', 'activity'] as const)
      made[table] = [
        await stage.world[table](org, { deleted_at: ago(over) }),
        await stage.world[table](org, { deleted_at: ago(under) }),
        await stage.world[table](org),
      ];
    const contacts = [await lead(0, { deleted_at: ago(over) }), await lead(0, { deleted_at: ago(under) }), await lead(0)];
    const theirs = [await stage.world.deal(others, { deleted_at: ago(over) }), await lead(0, { deleted_at: ago(over) }, others)];
    const before = await contentsOf(others);
    expect(await sweep('DELETED_RECORDS', 30)).toMatchObject({ state: 'DONE', examined: 4, removed: 4, skipped: 0, error: null });
    expect(await left('companies', made['company'] ?? [])).toEqual(made['company']?.slice(1));
    expect(await left('deals', [...(made['deal'] ?? []), ...theirs])).toEqual([...(made['deal']?.slice(1) ?? []), theirs[0]]);
    expect(await left('activities', made['activity'] ?? [])).toEqual(made['activity']?.slice(1));
    expect(await known(contacts)).toEqual(contacts.slice(1));
    expect(await contentsOf(others)).toEqual(before);
    expect((await actions('REMOVE')).map(({ type, id }) => [type, id])).toEqual([
      ['Activity', made['activity']?.[0]],
      ['Deal', made['deal']?.[0]],
      ['Company', made['company']?.[0]],
    ]);
    expect(await actions('FINISH')).toHaveLength(1);
  });

  test('removes what was said of deals and activities, from every table and the facts; the chain verifies', async () => {
    const [title, subject] = [`zq${randomUUID().slice(0, 8)}title`, `zq${randomUUID().slice(0, 8)}note`];
    const input = { title, value: '5' };
    const deal = await ask<{ deal: { id: string } }>(
      'mutation ($i: CreateDealInput!) { createDeal(input: $i) @idempotent(key: "k") { deal { id } } }',
      { i: input },
    );
    const dealId = deal.deal.id;
    const { activity } = await ask<{ activity: { id: string } }>(
      'mutation ($i: CreateActivityInput!) { createActivity(input: $i) { activity { id } } }',
      { i: { type: 'NOTE', subject, dealId } },
    );
    await ask('mutation ($id: ID!) { moveDeal(id: $id, input: { stageId: "' + org.stageIds[1] + '" }) { deal { id } } }', {
      id: dealId,
    });
    await ask('mutation ($id: ID!) { deleteDeal(id: $id) { deal { id } } }', { id: dealId });
    await stage.world.client.query(`UPDATE deals SET deleted_at = now() - interval '2 days' WHERE id = $1`, [dealId]);
    expect(await sweep('DELETED_RECORDS', 1)).toMatchObject({ removed: 0, skippedBecause: [{ reason: 'IN_USE', count: 1 }] });
    await ask('mutation ($id: ID!) { deleteActivity(id: $id) { activity { id } } }', { id: activity.id });
    await stage.world.client.query(`UPDATE activities SET deleted_at = now() - interval '2 days' WHERE id = $1`, [activity.id]);
    expect(hits(await dump(stage.world.client), [title, subject])).toEqual([title, subject]);
    await sweepAgain();
    expect((await runs())[0]).toMatchObject({ state: 'DONE', examined: 2, removed: 2 });
    expect(hits(await dump(stage.world.client), [title, subject])).toEqual([]);
    expect(await verified()).toEqual({ ok: true, isComplete: true });
  });

  test('ends sessions for good with their tokens, links and invitations in mails, and jobs that failed', async () => {
    const client = stage.world.client;
    const sessions = [await endedSession(8 * DAY), await endedSession(7 * DAY + MINUTE), await endedSession(7 * DAY - MINUTE)];
    await client.query(
      `INSERT INTO refresh_tokens (org_id, id, user_id, session_id, token_hash, created_at, expires_at)
       SELECT $1, gen_random_uuid(), $2, s, sha256(s::text::bytea), now(), now() FROM unnest($3::uuid[]) AS s`,
      [org.id, org.users.MEMBER.id, sessions],
    );
    expect(await sweep('SESSIONS', 7)).toMatchObject({ state: 'DONE', examined: 2, removed: 2 });
    expect(await left('sessions', [...sessions, ...Object.values(org.users).map(({ id }) => id)])).toHaveLength(1 + ROLES.length);
    const { rows: tokens } = await client.query('SELECT session_id AS id FROM refresh_tokens WHERE org_id = $1', [org.id]);
    expect(tokens).toEqual([{ id: sessions[2] }]);

    const invitations = [
      await invitation({ expires_at: ago(8 * DAY) }),
      await invitation({ revoked_at: ago(8 * DAY) }),
      await invitation({}),
    ];
    await client.query(
      `INSERT INTO account_tokens (org_id, id, user_id, purpose, email, created_at, expires_at)
       SELECT $1, gen_random_uuid(), $2, 'CHANGE_EMAIL', 'zqlink' || n || '@example.com', now(), now() - make_interval(days => n) FROM unnest(ARRAY[6, 8]) AS n`,
      [org.id, org.users.MEMBER.id],
    );
    expect(await sweep('MAILS', 7)).toMatchObject({ state: 'DONE', examined: 3, removed: 3 });
    expect(await left('invitations', invitations)).toEqual(invitations.slice(2));
    const { rows: links } = await client.query('SELECT email FROM account_tokens WHERE org_id = $1', [org.id]);
    expect(links).toEqual([{ email: 'zqlink6@example.com' }]);

    const jobs = (): Promise<string[]> =>
      client
        .query<{ key: string }>(`SELECT key FROM graphile_worker._private_jobs WHERE key LIKE $1 || ':probe%' ORDER BY key`, [
          org.id,
        ])
        .then(({ rows }) => rows.map(({ key }) => key.slice(org.id.length + 1)));
    for (const [name, days] of Object.entries({ 'probe:8': 8, 'probe:6': 6, 'probe:waits': 8 }))
      await client.query(
        `SELECT graphile_worker.add_job('probe', json_build_object('orgId', $1::text), run_at => now() - make_interval(days => $3), job_key => $1 || ':' || $2)`,
        [org.id, name, days],
      );
    await client.query(`UPDATE graphile_worker._private_jobs SET attempts = max_attempts WHERE key = ANY ($1)`, [
      [`${org.id}:probe:8`, `${org.id}:probe:6`],
    ]);
    expect(await sweep('JOBS', 7)).toMatchObject({ state: 'DONE', examined: 1, removed: 1 });
    expect(await jobs()).toEqual(['probe:6', 'probe:waits']);
    await client.query(`DELETE FROM graphile_worker._private_jobs WHERE key LIKE $1 || ':probe%'`, [org.id]);
    expect(await verified()).toEqual({ ok: true, isComplete: true });
  });

  test('goes on where it stopped: each lead is erased once, and the run counts each once', async () => {
    const leads = (await Promise.all(Array.from({ length: 6 }, () => lead(400 * DAY)))).sort();
    const stuck = leads[3] as string;
    await stage.world.client.query(
      `CREATE FUNCTION watch.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'Not now.' USING ERRCODE = '58030'; END $$;
       CREATE TRIGGER refuse BEFORE UPDATE OF erased_at ON contacts FOR EACH ROW WHEN (OLD.id = '${stuck}') EXECUTE FUNCTION watch.refuse()`,
    );
    await activate((await set('INACTIVE_LEADS', 12)).id);
    await expect(stage.mails(org.id)).rejects.toThrow();
    expect(await known(leads)).toEqual(leads.slice(3));
    expect((await runs())[0]).toMatchObject({
      state: 'RUNNING',
      examined: 3,
      removed: 3,
      finishedAt: null,
      error: expect.stringContaining('58030'),
    });
    await stage.world.client.query('DROP TRIGGER refuse ON contacts');
    await stage.world.client.query('UPDATE graphile_worker._private_jobs SET run_at = now()');
    await stage.mails(org.id);
    expect(await known(leads)).toEqual([]);
    expect(await runs()).toMatchObject([{ state: 'DONE', examined: 6, removed: 6, skipped: 0, error: null }]);
    expect((await actions('ERASE')).map(({ id }) => id)).toEqual(leads);
  });

  test('is one sweep, however many workers there are', async () => {
    const leads = await Promise.all(Array.from({ length: 12 }, () => lead(400 * DAY)));
    const { id } = await set('INACTIVE_LEADS', 12);
    await activate(id);
    for (let others = 0; others < 2; others += 1)
      await stage.world.client.query(
        `SELECT graphile_worker.add_job('retention', json_build_object('orgId', $1::text, 'ruleId', $2::text))`,
        [org.id, id],
      );
    await Promise.all([stage.mails(org.id), stage.mails(org.id), stage.mails(org.id)]);
    expect(await known(leads)).toEqual([]);
    expect((await runs()).reduce((sum, { removed }) => sum + removed, 0)).toBe(12);
    expect(new Set((await actions('ERASE')).map((fact) => fact.id)).size).toBe(12);
    expect(await actions('ERASE')).toHaveLength(12);
  });

  test('that was planned comes once a day', async () => {
    await sweep('SESSIONS', 7);
    const session = await endedSession(9 * DAY);
    await callJobs('plan_retention');
    await stage.mails(org.id);
    expect(await left('sessions', [session])).toEqual([session]);
    await sweepAgain();
    expect(await left('sessions', [session])).toEqual([]);
    expect(await runs()).toHaveLength(2);
  });
});

describe('leads with whom nothing happens', () => {
  test('are erased with everything about them, with a receipt; the chain verifies', async () => {
    const p = person();
    const { contactId, dealId } = await seedPerson(ask, p);
    await stage.mails(org.id);
    await age(contactId, 400 * DAY);
    await ask('mutation ($id: ID!) { withdrawConsent(id: $id, input: { purpose: "news", channel: EMAIL }) { __typename } }', {
      id: contactId,
    });
    await age(contactId, 400 * DAY);
    const tokens = tokensOf(p);
    expect(hits(await dump(stage.world.client), tokens)).toEqual(tokens);
    expect(await sweep('INACTIVE_LEADS', 12)).toMatchObject({ state: 'DONE', examined: 1, removed: 1 });
    expect(hits(await dump(stage.world.client), tokens)).toEqual([]);
    expect(await ask('query ($id: ID!) { deal(id: $id) { value } }', { id: dealId })).toEqual({ value: '1200.00' });
    const erasure = await ask<{ reason: string; receipt: string }>(
      'query ($id: ID!) { erasure(recordId: $id) { reason receipt requestedBy { id } } }',
      { id: contactId },
    );
    expect(erasure).toMatchObject({
      reason: 'Retention rule: leads with whom nothing happens are kept for 12 months.',
      requestedBy: null,
    });
    const check = 'query ($r: String!) { verifyErasureReceipt(receipt: $r) { isValid } }';
    expect(await ask(check, { r: erasure.receipt })).toEqual({ isValid: true });
    expect(await verified()).toEqual({ ok: true, isComplete: true });
  });

  test('are kept by a legal hold, a restriction, an open deal and a consent, and it is said why', async () => {
    const [held, restricted, dealing, consenting, free, customer] = await Promise.all(
      Array.from({ length: 6 }, () => lead(400 * DAY)),
    );
    await hold(held as string);
    await ask('mutation ($id: ID!) { restrictProcessing(id: $id) { contact { id } } }', { id: restricted });
    const old = { created_at: ago(400 * DAY), updated_at: ago(400 * DAY) };
    await stage.world.deal(org, { contact_id: dealing, ...old });
    const all = [held, restricted, dealing, consenting, free, customer] as string[];
    await Promise.all([held, restricted, dealing].map((id) => age(id as string, 400 * DAY)));
    await stage.world.client.query('UPDATE contacts SET gdpr_consent = true WHERE id = $1', [consenting]);
    await stage.world.client.query(`UPDATE contacts SET status = 'CUSTOMER' WHERE id = $1`, [customer]);
    await age(customer as string, 400 * DAY);
    const heldBack = ['CONSENT', 'LEGAL_HOLD', 'OPEN_DEAL', 'RESTRICTED'].map((reason) => ({ reason, count: 1 }));
    const seen = await preview((await set('INACTIVE_LEADS', 12)).id);
    expect(seen).toMatchObject({ wouldRemove: 1, heldBack });
    expect(Object.fromEntries(seen.sample.map((each) => [each.recordId, each.heldBack]))).toEqual({
      ...{ [all[0] as string]: 'LEGAL_HOLD', [all[1] as string]: 'RESTRICTED', [all[2] as string]: 'OPEN_DEAL' },
      ...{ [all[3] as string]: 'CONSENT', [all[4] as string]: null },
    });
    expect(await sweep('INACTIVE_LEADS', 12)).toMatchObject({ examined: 5, removed: 1, skipped: 4, skippedBecause: heldBack });
    expect(await known(all)).toEqual(all.filter((id) => id !== free));
  });

  test('are counted in months, to the minute', async () => {
    const cutoff = Date.parse(
      (await stage.world.client.query<{ at: Date }>(`SELECT now() - interval '3 months' AS at`)).rows[0]?.at.toISOString() ?? '',
    );
    const [over, under] = [await lead(Date.now() - cutoff + MINUTE), await lead(Date.now() - cutoff - MINUTE)];
    expect(await sweep('INACTIVE_LEADS', 3)).toMatchObject({ removed: 1 });
    expect(await known([over, under])).toEqual([under]);
  });

  test('a record with activity younger than the span is never removed', async () => {
    /** Where something may have happened with a lead, each in days ago; never just when a span ends. */
    const days = fc.integer({ min: 0, max: 200 }).map((whole) => whole + 0.5);
    const maybe = fc.option(days, { nil: null });
    const story = fc.record({
      made: days,
      changed: maybe,
      noted: maybe,
      due: maybe,
      sold: maybe,
      talked: maybe,
      agreed: maybe,
      deletedNote: maybe,
    });
    const months = fc.constantFrom(1, 2, 3, 6);
    await fc.assert(
      fc.asyncProperty(fc.array(story, { minLength: 1, maxLength: 8 }), months, async (stories, span) => {
        org = await stage.world.organization();
        const purpose_id = await stage.world.consentPurpose(org);
        const ids: string[] = [];
        for (const each of stories) ids.push(await tell(each, purpose_id));
        const cutoff =
          (
            await stage.world.client.query<{ at: Date }>('SELECT now() - make_interval(months => $1) AS at', [span])
          ).rows[0]?.at.getTime() ?? 0;
        const isYoung = (each: (typeof stories)[number]): boolean =>
          Object.values(each).some((ms) => ms !== null && Date.now() - ms * DAY > cutoff);
        await sweep('INACTIVE_LEADS', span);
        expect(await known(ids)).toEqual(ids.filter((_, index) => isYoung(stories[index] as (typeof stories)[number])));
      }),
      { numRuns: 20 },
    );
  }, 60_000);
});

test('deleted records that are about a person with a legal hold or a restriction are kept, and so is the person', async () => {
  const [held, restricted] = [await stage.world.contact(org), await stage.world.contact(org)];
  await hold(held);
  await ask('mutation ($id: ID!) { restrictProcessing(id: $id) { contact { id } } }', { id: restricted });
  const deleted_at = ago(40 * DAY);
  await stage.world.client.query('UPDATE contacts SET deleted_at = $2 WHERE id = ANY ($1)', [[held, restricted], deleted_at]);
  const deal = await stage.world.deal(org, { contact_id: held, deleted_at });
  const activities = [
    await stage.world.activity(org, { contact_id: restricted, deleted_at }),
    await stage.world.activity(org, { deal_id: await stage.world.deal(org, { contact_id: held }), deleted_at }),
  ];
  expect(await sweep('DELETED_RECORDS', 30)).toMatchObject({ removed: 0, skipped: 5 });
  expect(await known([held, restricted])).toEqual([held, restricted]);
  expect(await left('deals', [deal])).toEqual([deal]);
  expect(await left('activities', activities)).toEqual(activities);
});

test('the server’s role removes nothing that no active rule reaches', async () => {
  const rule = await set('DELETED_RECORDS', 30);
  const activity = await stage.world.activity(org, { deleted_at: ago(40 * DAY) });
  const fresh = await stage.world.activity(org, { deleted_at: ago(DAY) });
  const app = await connect(stage.database.appUrl);
  const remove = async (table: string, ids: string[]): Promise<unknown[]> => {
    await app.query(`BEGIN; SET LOCAL app.org_id = '${org.id}'`);
    const answer = app.query('SELECT id FROM retention.remove($1, $2, $3)', [rule.id, table, ids]);
    return answer.then(({ rows }) => rows).finally(() => app.query('ROLLBACK'));
  };
  try {
    await expect(remove('activities', [activity])).rejects.toThrow(/a rule that is active/);
    await activate(rule.id);
    expect(await remove('activities', [activity, fresh])).toEqual([{ id: activity }]);
    await expect(remove('contacts', [randomUUID()])).rejects.toThrow(/contacts are erased/);
    for (const table of ['users', 'audit_logs', 'sessions']) await expect(remove(table, [])).rejects.toThrow(/does not exist/);
    await expect(app.query('SELECT * FROM retention.deleted_records_activities')).rejects.toThrow(/permission denied/);
    await expect(app.query('DELETE FROM activities')).rejects.toThrow(/permission denied/);
  } finally {
    await app.end();
  }
  await stage.mails(org.id);
});

// ————— Tools

async function callJobs(name: 'plan_retention'): Promise<void> {
  const worker = await connect(stage.database.workerUrl);
  await worker.query(`SELECT jobs.${name}()`).finally(() => worker.end());
}

/** The sweeps of the day after. */
async function sweepAgain(): Promise<void> {
  await stage.world.client.query(`UPDATE retention_runs SET finished_at = finished_at - interval '1 day' WHERE org_id = $1`, [
    org.id,
  ]);
  await callJobs('plan_retention');
  await stage.mails(org.id);
}

async function endedSession(ms: number): Promise<string> {
  const id = randomUUID();
  const moments = {
    created_at: ago(ms + DAY),
    last_used_at: ago(ms),
    expires_at: '9999-01-01T00:00:00Z',
    ended_at: ago(ms),
    end_reason: 'LOGOUT',
  };
  await stage.world.insert('sessions', [{ org_id: org.id, id, user_id: org.users.MEMBER.id, ...moments }]);
  return id;
}

async function invitation(columns: Columns): Promise<string> {
  const id = randomUUID();
  const invited = {
    email: `${id}@example.com`,
    role: 'MEMBER',
    invited_by_id: org.users.OWNER.id,
    expires_at: '9999-01-01T00:00:00Z',
  };
  await stage.world.insert('invitations', [{ org_id: org.id, id, ...invited, ...columns }]);
  return id;
}

/** Sets back when anything last happened with a contact. */
async function age(contactId: string, ms: number): Promise<void> {
  const at = ago(ms);
  const { client } = stage.world;
  const deals = '(SELECT id FROM deals WHERE contact_id = $1)';
  const stamped: [table: string, which: string, more: string][] = [
    ['activities', `contact_id = $1 OR deal_id IN ${deals}`, ''],
    ['deals', 'contact_id = $1', ', last_activity_at = $2'],
    ['contacts', 'id = $1', ', last_activity_at = $2'],
  ];
  await client.query('UPDATE consents SET created_at = $2 WHERE contact_id = $1', [contactId, at]);
  await client.query('BEGIN');
  // A moment of the row itself is the database's to set.
  for (const [table, which, more] of stamped) {
    await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    await client.query(`UPDATE ${table} SET created_at = $2, updated_at = $2${more} WHERE ${which}`, [contactId, at]);
    await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  }
  await client.query('COMMIT');
}

type Story = Record<'made' | 'changed' | 'noted' | 'due' | 'sold' | 'talked' | 'agreed' | 'deletedNote', number | null>;

/** A lead of whom a story is told, in days ago. */
async function tell(
  { made, changed, noted, due, sold, talked, agreed, deletedNote }: Story,
  purpose_id: string,
): Promise<string> {
  const old = ago(300 * DAY);
  const long = { created_at: old, updated_at: old };
  const at = (days: number): string => ago(days * DAY);
  const contact_id = await lead((made ?? 0) * DAY, { ...(changed !== null && { updated_at: at(changed) }) });
  const about = { contact_id, ...long };
  if (noted !== null) await stage.world.activity(org, { ...about, created_at: at(noted) });
  if (due !== null) await stage.world.activity(org, { ...about, due_date: at(due) });
  if (deletedNote !== null) await stage.world.activity(org, { ...about, updated_at: at(deletedNote), deleted_at: old });
  const closed = { ...about, status: 'LOST', closed_at: old };
  if (sold !== null) await stage.world.deal(org, { ...closed, updated_at: at(sold) });
  if (talked !== null)
    await stage.world.activity(org, {
      deal_id: await stage.world.deal(org, closed),
      ...long,
      is_completed: true,
      completed_at: at(talked),
    });
  const entry = { entry: 1, kind: 'WITHDRAWN', lawful_basis: 'CONSENT', channel: 'OTHER', given_at: old };
  if (agreed !== null)
    await stage.world.insert('consents', [
      { org_id: org.id, id: randomUUID(), contact_id, purpose_id, ...entry, created_at: at(agreed) },
    ]);
  return contact_id;
}

const verified = (): Promise<unknown> => ask('{ auditVerify { ok isComplete } }');
