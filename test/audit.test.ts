import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';
import type { Role } from '../src/caller.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const ask = (org: Organization, query: string, variables: Record<string, unknown> = {}, role: Role = 'ADMIN'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });

async function withFacts(): Promise<{ org: Organization; id: string }> {
  const org = await stage.world.organization();
  const make = 'mutation Make { createContact(input: { firstName: "Ada", lastName: "Lovelace" }) { contact { id } } }';
  const { id } = (await ask(org, make, {}, 'MEMBER')).data.createContact.contact as { id: string };
  await ask(org, 'mutation ($id: ID!) { updateContact(id: $id, input: { firstName: "Augusta" }) { contact { id } } }', { id });
  await ask(org, 'mutation { createCompany(input: { name: "Engines" }) { company { id } } }');
  return { org, id };
}

const LIST = `query ($filter: AuditEntryFilter, $first: Int, $after: String) { auditLog(filter: $filter, first: $first, after: $after) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { seq action entityType recordId version actorKind actorId actor { id } apiKey { id } ipAddress requestId operation changedFields changes { field before after isErased } }
} }`;
const seqs = (answer: Answer): number[] => answer.data.auditLog.nodes.map(({ seq }: { seq: number }) => seq);

test('the log tells who changed what, from where, and what it was before', async () => {
  const { org, id } = await withFacts();
  const { data, errors } = await ask(org, LIST);
  expect(errors).toBeUndefined();
  expect(data.auditLog.totalCount).toBe(3);
  expect(data.auditLog.nodes[1]).toMatchObject({
    seq: 2,
    action: 'UPDATE',
    entityType: 'Contact',
    recordId: id,
    version: 2,
    actorKind: 'USER',
    actorId: org.users.ADMIN.id,
    actor: { id: org.users.ADMIN.id },
    apiKey: null,
    ipAddress: '127.0.0.1',
    changedFields: ['firstName'],
    changes: [{ field: 'firstName', before: 'Ada', after: 'Augusta', isErased: false }],
  });
  expect(data.auditLog.nodes[2]).toMatchObject({ operation: 'Make', actorId: org.users.MEMBER.id });
});

test('each filter finds its facts, and pages put together are the list', async () => {
  const { org, id } = await withFacts();
  const all = (await ask(org, LIST)).data.auditLog.nodes as Record<string, string>[];
  const found = async (filter: object): Promise<number[]> => {
    const answer = await ask(org, LIST, { filter });
    expect(answer.errors).toBeUndefined();
    return seqs(answer);
  };
  expect(await found({ actorId: { eq: org.users.MEMBER.id } })).toEqual([1]);
  expect(await found({ apiKeyId: { isNull: false } })).toEqual([]);
  expect(await found({ action: { eq: 'CREATE' } })).toEqual([3, 1]);
  expect(await found({ entityType: { eq: 'Contact' }, recordId: { eq: id } })).toEqual([2, 1]);
  expect(await found({ createdAt: { gte: '-PT1H' } })).toEqual([3, 2, 1]);
  expect(await found({ createdAt: { lt: '-PT1H' } })).toEqual([]);
  expect(await found({ ipAddress: { eq: '127.0.0.1' } })).toEqual([3, 2, 1]);
  expect(await found({ ipAddress: { eq: 'no address' } })).toEqual([]);
  expect(await found({ requestId: { eq: all[1]?.['requestId'] } })).toEqual([2]);
  expect(await found({ seq: { gt: 1, lte: 2 } })).toEqual([2]);
  const walked: number[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page: Answer = await ask(org, LIST, { first: 2, after });
    walked.push(...seqs(page));
    ({ hasNextPage: more, endCursor: after } = page.data.auditLog.pageInfo as { hasNextPage: boolean; endCursor: string });
  }
  expect(walked).toEqual([3, 2, 1]);
});

const CHAIN = `query ($from: Int, $to: Int) { auditHead { seq hash at }
  auditVerify(from: $from, to: $to) { ok isComplete checked through next firstBad { seq reason } } }`;

test('the chain is verified by query, whole and in part, and names the first bad fact', async () => {
  const { org } = await withFacts();
  const whole = await ask(org, CHAIN);
  expect(whole.data.auditHead).toMatchObject({ seq: 3, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  const good = { ok: true, isComplete: true, checked: 3, through: 3, next: null, firstBad: null };
  expect(whole.data.auditVerify).toEqual(good);
  await stage.world.client.query('UPDATE audit_logs SET entity_version = 9 WHERE org_id = $1 AND seq = 2', [org.id]);
  const bad = { ok: false, isComplete: true, checked: 2, through: 1, next: null, firstBad: { seq: 2, reason: 'EDITED_FACT' } };
  expect((await ask(org, CHAIN)).data.auditVerify).toEqual(bad);
  expect((await ask(org, CHAIN, { from: 3, to: 3 })).data.auditVerify).toEqual({ ...good, checked: 1 });
  expect((await ask(org, CHAIN, { from: 1, to: 1 })).data.auditVerify).toEqual({ ...good, checked: 1, through: 1 });
  for (const range of [{ from: 0 }, { from: 3, to: 2 }])
    expect((await ask(org, CHAIN, range)).errors?.map(({ extensions }) => extensions.code)).toEqual(['INVALID_INPUT']);
});

test('an organization without facts has no head, and nothing that is not in order', async () => {
  const org = await stage.world.organization();
  const { data } = await ask(org, CHAIN);
  expect(data).toEqual({
    auditHead: null,
    auditVerify: { ok: true, isComplete: true, checked: 0, through: 0, next: null, firstBad: null },
  });
});

test('more facts than a page are verified too', async () => {
  const org = await stage.world.organization();
  await stage.world.client.query(
    `INSERT INTO contacts (org_id, id, first_name, last_name, tags)
     SELECT $1, gen_random_uuid(), 'Ada', n::text, '{hot}' FROM generate_series(1, 600) AS n`,
    [org.id],
  );
  await ask(org, 'mutation { renameTag(input: { from: "hot", to: "warm" }) { tag { name } } }');
  const { data } = await ask(org, CHAIN);
  expect(data.auditVerify).toMatchObject({ ok: true, isComplete: true });
  expect(data.auditVerify.checked).toBe(data.auditHead.seq);
  expect(data.auditVerify.checked).toBeGreaterThanOrEqual(600);
});

test('it is for administrators and owners who signed in', async () => {
  const { org } = await withFacts();
  for (const role of ['MANAGER', 'MEMBER', 'VIEWER'] as const)
    for (const query of [LIST, '{ auditHead { seq } }', '{ auditVerify { ok } }'])
      expect((await ask(org, query, {}, role)).errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  expect((await ask(org, LIST, {}, 'OWNER')).errors).toBeUndefined();
  const key = await ask(
    org,
    `mutation ($until: DateTime!) { createApiKey(input: { name: "K", scopes: ["contacts:read"], expiresAt: $until }) { secret } }`,
    { until: new Date(Date.now() + 86_400_000).toISOString() },
  );
  const { errors } = await stage.send(LIST, { token: key.data.createApiKey.secret as string });
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
});

test('facts of another organization are not found', async () => {
  const [{ org: mine }, theirs] = [await withFacts(), await withFacts()];
  expect(seqs(await ask(mine, LIST, { filter: { recordId: { eq: theirs.id } } }))).toEqual([]);
  expect(seqs(await ask(mine, LIST))).toEqual([3, 2, 1]);
});
