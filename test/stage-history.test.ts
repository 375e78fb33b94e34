import fc from 'fast-check';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

interface Visit {
  stage: { id: string } | null;
  name: string;
  pipeline: { id: string };
  enteredAt: string;
  leftAt: string | null;
  duration: number;
  by: { id: string } | null;
}
type Role = 'OWNER' | 'MEMBER' | 'MANAGER';

const VISITS = 'stageHistory { stage { id } name pipeline { id } enteredAt leftAt duration by { id } }';
const send = (query: string, variables: Record<string, unknown> = {}, role: Role = 'OWNER'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });
const visitsOf = async (id: string): Promise<Visit[]> =>
  (await send(`query ($id: ID!) { deal(id: $id) { ${VISITS} } }`, { id })).data.deal.stageHistory;
const make = async (stageId = org.stageIds[0]): Promise<string> =>
  (await send('mutation ($s: ID) { createDeal(input: { title: "Deal", stageId: $s }) { deal { id } } }', { s: stageId })).data
    .createDeal.deal.id;
const move = (id: string, to: string | undefined, role: Role = 'OWNER'): Promise<Answer> =>
  send('mutation ($id: ID!, $s: ID!) { moveDeal(id: $id, input: { stageId: $s }) { deal { id } } }', { id, s: to }, role);
const verb = (field: string, id: string): Promise<Answer> => send(`mutation ($id: ID!) { ${field} { deal { id } } }`, { id });

test('a deal tells its stays in stages, how long each was, and who brought it there', async () => {
  const [first, second, third] = org.stageIds;
  const id = await make(first);
  await move(id, second, 'MANAGER');
  await verb('updateDeal(id: $id, input: { title: "Renamed", value: "5" })', id);
  await move(id, third);
  await move(id, second);
  const visits = await visitsOf(id);
  expect(visits.map((visit) => [visit.stage?.id, visit.name, visit.by?.id])).toEqual([
    [first, 'First', org.users.OWNER.id],
    [second, 'Second', org.users.MANAGER.id],
    [third, 'Third', org.users.OWNER.id],
    [second, 'Second', org.users.OWNER.id],
  ]);
  visits.forEach((visit, index) => expect(visit.leftAt).toBe(visits[index + 1]?.enteredAt ?? null));
  expect(visits.every((visit) => visit.pipeline.id === org.pipelineId && visit.duration >= 0)).toBe(true);
});

test('closing ends the last stay, reopening goes on with it', async () => {
  const id = await make();
  await verb('loseDeal(id: $id)', id);
  const { data } = await send(`query ($id: ID!) { deal(id: $id) { closedAt ${VISITS} } }`, { id });
  expect(data.deal.stageHistory).toMatchObject([{ leftAt: data.deal.closedAt }]);
  await verb('reopenDeal(id: $id)', id);
  expect(await visitsOf(id)).toMatchObject([{ leftAt: null }]);
});

test('a stage that is gone keeps the name it had last', async () => {
  const [first, second, third] = org.stageIds;
  const id = await make(first);
  const edit = (names: Record<string, string>): Promise<Answer> =>
    send('mutation ($id: ID!, $i: UpdatePipelineInput!) { updatePipeline(id: $id, input: $i) { pipeline { id } } }', {
      id: org.pipelineId,
      i: {
        stages: Object.entries(names).map(([stageId, name]) => ({ id: stageId, name, probability: 10 })),
        moveDealsTo: second,
      },
    });
  await edit({ [first ?? '']: 'Once called so', [second ?? '']: 'Second', [third ?? '']: 'Third' });
  await edit({ [second ?? '']: 'Now called so', [third ?? '']: 'Third' });
  expect((await visitsOf(id)).map((visit) => [visit.stage?.id ?? null, visit.name])).toEqual([
    [null, 'Once called so'],
    [second, 'Now called so'],
  ]);
});

test('a deal that came in without a past has been where it is', async () => {
  const id = await stage.world.deal(org, { stage_entered_at: '2026-01-01T00:00:00Z' });
  expect(await visitsOf(id)).toMatchObject([
    { stage: { id: org.stageIds[0] }, name: 'First', enteredAt: '2026-01-01T00:00:00.000Z', leftAt: null, by: null },
  ]);
});

test('the latest hundred stays are told', async () => {
  const id = await make();
  await stage.world.client.query(
    `INSERT INTO deal_history (org_id, id, deal_id, at, seq, pipeline_id, stage_id, status, currency, is_deleted)
     SELECT $1, gen_random_uuid(), $2, now() + i * interval '1 minute', 0, $3, ($4::uuid[])[1 + i % 2], 'OPEN', 'EUR', false FROM generate_series(1, 150) AS i`,
    [org.id, id, org.pipelineId, org.stageIds.slice(0, 2)],
  );
  const visits = await visitsOf(id);
  expect(visits).toHaveLength(100);
  expect([...visits].sort((a, b) => (a.enteredAt < b.enteredAt ? -1 : 1))).toEqual(visits);
  expect(visits.at(-1)?.leftAt).toBeNull();
});

test('the stays of a hundred deals take one statement, those of hidden deals none', async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, (_, index) => make(org.stageIds[index % 3])));
  await Promise.all(ids.map((id, index) => move(id, org.stageIds[(index + 1) % 3])));
  const count = async (first: number): Promise<number> => {
    stage.statements();
    const { data, errors } = await send(`{ deals(first: ${first}) { nodes { ${VISITS} } } }`);
    expect(errors).toBeUndefined();
    expect(data.deals.nodes.every((deal: { stageHistory: Visit[] }) => deal.stageHistory.length === 2)).toBe(true);
    return stage.statements().length;
  };
  expect(await count(12)).toBe(await count(2));
  await stage.world.client.query(`UPDATE organizations SET settings = '{"visibility": "OWNER"}' WHERE id = $1`, [org.id]);
  const { data } = await send(`query ($id: ID!) { deal(id: $id) { ${VISITS} } }`, { id: ids[0] }, 'MEMBER');
  expect(data.deal).toBeNull();
});

test('the stays of any sequence of moves are the moves', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 12 }), async (turns) => {
      const id = await make();
      const expected = [org.stageIds[0]];
      for (const turn of turns) {
        if (turn > 2) await verb(['winDeal(id: $id)', 'reopenDeal(id: $id)', 'deleteDeal(id: $id)'][turn - 3] ?? '', id);
        const answer = turn > 2 ? null : await move(id, org.stageIds[turn]);
        if (turn === 5) await verb('restoreDeal(id: $id)', id);
        if (answer && !answer.errors && expected.at(-1) !== org.stageIds[turn]) expected.push(org.stageIds[turn]);
      }
      const visits = await visitsOf(id);
      expect(visits.map((visit) => visit.stage?.id)).toEqual(expected);
      const total = visits.reduce((sum, visit) => sum + visit.duration, 0);
      expect(total).toBeLessThan(60);
    }),
    { numRuns: 12 },
  );
}, 60_000);
