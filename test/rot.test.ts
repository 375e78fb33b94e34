import fc from 'fast-check';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

const DAY = 86_400_000;

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage({ poolSize: 16, connectTimeoutMs: 10_000 });
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = (query: string, variables: Record<string, unknown> = {}): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, 'OWNER'), variables });
const ago = (days: number): string => new Date(Date.now() - days * DAY).toISOString();

/** Sets the days of the three stages, through the front door. */
async function setDays(days: (number | null)[], in_ = org): Promise<Answer> {
  const input = {
    stages: in_.stageIds.map((id, index) => ({ id, name: `Stage ${index}`, probability: 50, daysToRot: days[index] })),
  };
  return send('mutation ($id: ID!, $i: UpdatePipelineInput!) { updatePipeline(id: $id, input: $i) { pipeline { version } } }', {
    id: in_.pipelineId,
    i: input,
  });
}

const SHOWN = 'id age timeInStage isRotting rottingSince rotsAt version updatedAt status';
async function show(id: string): Promise<Record<string, never>> {
  return (await send(`query ($id: ID!) { deal(id: $id, includeDeleted: WITH) { ${SHOWN} } }`, { id })).data.deal;
}

test('a deal rots when its stage has days and nothing has happened for so long', async () => {
  const fresh = await stage.world.deal(org, { stage_entered_at: ago(3) });
  const moved = await stage.world.deal(org, { stage_entered_at: ago(30), created_at: ago(40), position: 'b' });
  const talked = await stage.world.deal(org, { stage_entered_at: ago(30), position: 'c' });
  const elsewhere = await stage.world.deal(org, { stage_entered_at: ago(90), stage_id: org.stageIds[1] });
  await send('mutation ($i: CreateActivityInput!) { createActivity(input: $i) { activity { id } } }', {
    i: { type: 'CALL', subject: 'Talked', dealId: talked },
  });
  expect(await show(moved)).toMatchObject({ isRotting: false, rottingSince: null, rotsAt: null });
  const before = await show(moved);
  expect((await setDays([14, null, 7])).errors).toBeUndefined();
  expect(await show(fresh)).toMatchObject({ isRotting: false, rottingSince: null });
  expect(Date.parse((await show(fresh))['rotsAt'] ?? '') - Date.now()).toBeGreaterThan(10.9 * DAY);
  const shown = await show(moved);
  expect(shown).toMatchObject({ isRotting: true, rottingSince: shown['rotsAt'] });
  expect(Math.round((Date.now() - Date.parse(shown['rotsAt'] ?? '')) / DAY)).toBe(16);
  expect([Math.round(Number(shown['timeInStage']) / 86_400), Math.round(Number(shown['age']) / 86_400)]).toEqual([30, 40]);
  // An edit of the stage is no change of the deal.
  expect([shown['version'], shown['updatedAt']]).toEqual([before['version'], before['updatedAt']]);
  expect(await show(talked)).toMatchObject({ isRotting: false });
  expect(await show(elsewhere)).toMatchObject({ isRotting: false, rotsAt: null });
  await setDays([null, null, null]);
  expect(await show(moved)).toMatchObject({ isRotting: false, rottingSince: null, rotsAt: null });
});

test('closing ends it, reopening and moving begin it anew', async () => {
  await setDays([14, 7, null]);
  const id = await stage.world.deal(org, { stage_entered_at: ago(30) });
  const verb = (field: string): Promise<Answer> =>
    send(`mutation ($id: ID!) { ${field} { deal { isRotting rotsAt timeInStage } } }`, { id });
  expect((await verb('winDeal(id: $id)')).data.winDeal.deal).toMatchObject({ isRotting: false, rotsAt: null });
  expect((await verb('reopenDeal(id: $id)')).data.reopenDeal.deal).toMatchObject({ isRotting: true });
  const [, second, third] = org.stageIds;
  const { deal } = (await verb(`moveDeal(id: $id, input: { stageId: "${second}" })`)).data.moveDeal;
  expect(deal).toMatchObject({ isRotting: false, timeInStage: 0 });
  expect(Date.parse(deal.rotsAt) - Date.now()).toBeGreaterThan(6.9 * DAY);
  expect((await verb(`moveDeal(id: $id, input: { stageId: "${third}" })`)).data.moveDeal.deal.rotsAt).toBeNull();
});

test('deals are ordered by when they rot: those longest rotten first, those that never do last', async () => {
  await setDays([14, 7, null]);
  const make = (days: number, at: number): Promise<string> =>
    stage.world.deal(org, { stage_entered_at: ago(days), stage_id: org.stageIds[at], position: `a${days}` });
  const never = await make(300, 2);
  const next = await make(1, 0);
  const rotten = await make(30, 0);
  const longest = await make(29, 1);
  const { data, errors } = await send('{ deals(orderBy: [{ rotsAt: ASC }], first: 10) { nodes { id } } }');
  expect(errors).toBeUndefined();
  expect(data.deals.nodes.map((deal: { id: string }) => deal.id)).toEqual([longest, rotten, next, never]);
});

test('deals are filtered by rot and age, and ordered by them though time goes on between two pages', async () => {
  await setDays([14, 7, null]);
  const make = (days: number, at: number): Promise<string> =>
    stage.world.deal(org, {
      stage_entered_at: ago(days),
      created_at: ago(days + 5),
      stage_id: org.stageIds[at],
      position: `a${days}`,
    });
  const [never, next, rotten, longest] = [await make(300, 2), await make(1, 0), await make(30, 0), await make(29, 1)];
  const find = async (filter: object, orderBy: object = { age: 'DESC' }): Promise<string[]> => {
    const found: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const answer = await send(
        'query ($f: DealFilter, $o: [DealOrder!], $a: String) { deals(filter: $f, orderBy: $o, first: 1, after: $a) { nodes { id } pageInfo { hasNextPage endCursor } } }',
        { f: filter, o: [orderBy], a: after },
      );
      expect(answer.errors).toBeUndefined();
      const { nodes, pageInfo } = answer.data.deals;
      found.push(...nodes.map((deal: { id: string }) => deal.id));
      after = pageInfo.endCursor;
      more = pageInfo.hasNextPage;
    }
    return found;
  };
  const DAYS = 86_400;
  expect(await find({ isRotting: { eq: true } })).toEqual([rotten, longest]);
  expect(await find({ isRotting: { eq: false } })).toEqual([never, next]);
  expect(await find({ rottingSince: { isNull: true } })).toEqual([never, next]);
  expect(await find({ rottingSince: { lt: ago(20) } })).toEqual([longest]);
  expect(await find({ rotsAt: { gt: ago(0) } })).toEqual([next]);
  expect(await find({ timeInStage: { gte: 30 * DAYS } })).toEqual([never, rotten]);
  expect(await find({ age: { lt: 35 * DAYS } })).toEqual([longest, next]);
  expect(await find({ not: { age: { lt: 35 * DAYS } } })).toEqual([never, rotten]);
  expect(await find({}, { timeInStage: 'ASC' })).toEqual([next, longest, rotten, never]);
  expect(await find({}, { age: 'DESC' })).toEqual([never, rotten, longest, next]);
  expect(await find({}, { rottingSince: 'ASC' })).toEqual([longest, rotten, next, never]);
  expect(await find({}, { rottingSince: 'DESC_NULLS_FIRST' })).toEqual([never, next, rotten, longest]);
});

/** Deals whose rots_at is not what its definition says. */
async function wrong(): Promise<unknown[]> {
  const { rows } = await stage.world.client.query(
    `SELECT d.id, d.rots_at, d.status, s.days_to_rot, d.stage_entered_at, d.last_activity_at, latest.at
       FROM deals d JOIN pipeline_stages s ON s.org_id = d.org_id AND s.id = d.stage_id
       LEFT JOIN LATERAL (SELECT max(greatest(created_at, completed_at)) AS at FROM activities a
                           WHERE a.org_id = d.org_id AND a.deal_id = d.id AND a.deleted_at IS NULL) AS latest ON true
      WHERE d.org_id = $1 AND (d.last_activity_at IS DISTINCT FROM latest.at OR extract(epoch FROM d.rots_at)::numeric(20, 3) IS DISTINCT FROM
            (CASE WHEN d.status = 'OPEN' THEN extract(epoch FROM greatest(d.stage_entered_at, latest.at)) + 86400 * s.days_to_rot END)::numeric(20, 3))`,
    [org.id],
  );
  return rows;
}

interface Run {
  deals: string[];
  activities: string[];
}
type Step = (run: Run, pick: number) => Promise<Answer | undefined>;

const onDeal =
  (field: (pick: number) => string): Step =>
  async ({ deals }, pick) =>
    send(`mutation ($id: ID!) { ${field(pick)} { deal { id } } }`, { id: deals[pick % deals.length] });
const onActivity =
  (field: string): Step =>
  async ({ activities, deals }, pick) => {
    if (activities.length === 0) return undefined;
    const declared = field.includes('$deal') ? ', $deal: ID' : '';
    return send(`mutation ($id: ID! ${declared}) { ${field} { activity { id } } }`, {
      id: activities[pick % activities.length],
      ...(declared && { deal: pick % 4 ? deals[pick % deals.length] : null }),
    });
  };

const STEPS: Record<string, Step> = {
  make: async (run, pick) => {
    const answer = await send('mutation ($i: CreateDealInput!) { createDeal(input: $i) { deal { id } } }', {
      i: { title: 'Deal', stageId: org.stageIds[pick % 3] },
    });
    run.deals.push(answer.data.createDeal.deal.id);
    return answer;
  },
  move: onDeal((pick) => `moveDeal(id: $id, input: { stageId: "${org.stageIds[pick % 3]}" })`),
  win: onDeal(() => 'winDeal(id: $id)'),
  lose: onDeal(() => 'loseDeal(id: $id)'),
  reopen: onDeal(() => 'reopenDeal(id: $id)'),
  remove: onDeal(() => 'deleteDeal(id: $id)'),
  restore: onDeal(() => 'restoreDeal(id: $id)'),
  talk: async (run, pick) => {
    const answer = await send('mutation ($i: CreateActivityInput!) { createActivity(input: $i) { activity { id } } }', {
      i: { type: 'TASK', subject: 'Task', dealId: run.deals[pick % run.deals.length], isCompleted: pick % 3 === 0 },
    });
    if (answer.data.createActivity) run.activities.push(answer.data.createActivity.activity.id);
    return answer;
  },
  complete: onActivity('completeActivity(id: $id)'),
  undo: onActivity('reopenActivity(id: $id)'),
  relink: onActivity('updateActivity(id: $id, input: { dealId: $deal })'),
  forget: onActivity('deleteActivity(id: $id)'),
  recall: onActivity('restoreActivity(id: $id)'),
  days: (_, pick) => setDays([pick % 5 || null, pick % 7 || null, pick % 2 ? 3 : null]),
  restage: async (_, pick) => {
    const kept = org.stageIds.filter((__, index) => index !== pick % 3);
    const stages = [
      ...kept.map((id, index) => ({ id, name: `Kept ${index}`, probability: 50, daysToRot: pick % 9 || null })),
      { name: 'New', probability: 50, daysToRot: 2 },
    ];
    const answer = await send(
      'mutation ($id: ID!, $i: UpdatePipelineInput!) { updatePipeline(id: $id, input: $i) { pipeline { stages { id } } } }',
      { id: org.pipelineId, i: { stages, moveDealsTo: kept[0] } },
    );
    org.stageIds = answer.data.updatePipeline?.pipeline.stages.map((one: { id: string }) => one.id) ?? org.stageIds;
    return answer;
  },
};

test('after any sequence of changes every deal rots when its stage, its last move and its last activity say', async () => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...Object.keys(STEPS), 'talk', 'days'), fc.nat(1000)), {
    minLength: 10,
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      org = await stage.world.organization();
      const run: Run = { deals: [], activities: [] };
      for (const [name, pick] of [['days', 1], ['make', 1], ['make', 2], ...sequence] as [string, number][]) {
        const answer = await STEPS[name]?.(run, pick);
        for (const error of answer?.errors ?? []) expect(['INVALID_INPUT', 'NOT_FOUND']).toContain(error.extensions.code);
      }
      expect(await wrong()).toEqual([]);
    }),
    { numRuns: 15 },
  );
}, 120_000);

test('… also when stages, deals and activities change at the same time', async () => {
  const run: Run = { deals: [], activities: [] };
  for (let pick = 0; pick < 6; pick += 1) await STEPS['make']?.(run, pick);
  for (let pick = 0; pick < 8; pick += 1) await STEPS['talk']?.(run, pick);
  const racing = ['move', 'win', 'reopen', 'reopen', 'talk', 'complete', 'undo', 'relink', 'forget', 'recall'];
  const work = async (seed: number): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1) {
      const pick = seed * 31 + turn * 7;
      const answer = await STEPS[seed === 0 ? 'days' : (racing[(seed + turn) % racing.length] ?? 'talk')]?.(run, pick);
      for (const error of answer?.errors ?? [])
        expect(['INVALID_INPUT', 'NOT_FOUND', 'CONFLICT']).toContain(error.extensions.code);
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, seed) => work(seed)));
  expect(await wrong()).toEqual([]);
}, 60_000);
