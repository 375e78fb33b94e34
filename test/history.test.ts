import fc from 'fast-check';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** A pipeline's stages in order, each with the deals a board shows in it. */
type Board = { pipeline: string; stages: { name: string; deals: string[] }[] }[];

interface Run {
  org: Organization;
  deals: string[];
  boards: { at: string; board: Board }[];
}

type Step = (run: Run, pick: number) => Promise<Answer | undefined>;

const send = (run: Run, mutation: string, variables: Record<string, unknown>): Promise<Answer> =>
  stage.send(mutation, { token: stage.tokenOf(run.org, 'OWNER'), variables });
const on = (fields: string, more: (run: Run, pick: number) => Record<string, unknown> = () => ({}), types = ''): Step => {
  return async (run, pick) => {
    const id = run.deals[pick % Math.max(1, run.deals.length)];
    return id ? send(run, `mutation ($id: ID! ${types}) { ${fields} { deal { id } } }`, { id, ...more(run, pick) }) : undefined;
  };
};

const STEPS: Record<string, Step> = {
  make: async (run, pick) => {
    const stages = await currentStages(run);
    const answer = await send(run, 'mutation ($i: CreateDealInput!) { createDeal(input: $i) { deal { id } } }', {
      i: {
        title: `Deal ${pick}`,
        value: pick % 3 ? `${pick}.25` : null,
        stageId: stages[pick % stages.length]?.id,
        currency: pick % 2 ? 'EUR' : 'USD',
      },
    });
    run.deals.push(answer.data.createDeal.deal.id);
    return answer;
  },
  move: async (run, pick) => {
    const stages = await currentStages(run);
    return on(
      'moveDeal(id: $id, input: { stageId: $s })',
      () => ({ s: stages[pick % stages.length]?.id }),
      ', $s: ID!',
    )(run, pick);
  },
  revalue: on('updateDeal(id: $id, input: { value: $v })', (_, pick) => ({ v: `${pick}` }), ', $v: Decimal'),
  handOver: on(
    'updateDeal(id: $id, input: { ownerId: $o })',
    (run, pick) => ({ o: pick % 2 ? run.org.users.MEMBER.id : null }),
    ', $o: ID',
  ),
  rename: on('updateDeal(id: $id, input: { title: "Renamed" })'),
  win: on('winDeal(id: $id)'),
  lose: on('loseDeal(id: $id)'),
  reopen: on('reopenDeal(id: $id)'),
  remove: on('deleteDeal(id: $id)'),
  restore: on('restoreDeal(id: $id)'),
  restage: async (run, pick) => {
    const stages = await currentStages(run);
    const kept = stages.filter((_, index) => index !== pick % stages.length || stages.length === 1);
    const input = {
      stages: [...kept, { name: `Stage ${run.boards.length}`, probability: pick % 101 }],
      moveDealsTo: kept[0]?.id,
    };
    return send(run, 'mutation ($id: ID!, $i: UpdatePipelineInput!) { updatePipeline(id: $id, input: $i) { pipeline { id } } }', {
      id: run.org.pipelineId,
      i: input,
    });
  },
};

async function currentStages(run: Run): Promise<{ id: string; name: string; probability: number }[]> {
  const { data } = await send(run, 'query ($id: ID!) { pipeline(id: $id) { stages { id name probability } } }', {
    id: run.org.pipelineId,
  });
  return data.pipeline.stages;
}

/** The board as the API shows it now, and the moment it was so. */
async function look(run: Run): Promise<void> {
  const { data } = await send(
    run,
    'query ($id: ID!) { pipeline(id: $id) { name stages { name deals(first: 100) { nodes { id value currency status owner { id } } } } } }',
    { id: run.org.pipelineId },
  );
  const { rows } = await stage.world.client.query<{ at: string }>('SELECT clock_timestamp()::text AS at');
  type Shown = {
    name: string;
    deals: { nodes: { id: string; value: string | null; currency: string; status: string; owner: { id: string } | null }[] };
  };
  const stages = (data.pipeline.stages as Shown[]).map(({ name, deals }) => ({
    name,
    deals: deals.nodes.map((deal) => [deal.id, deal.value, deal.currency, deal.status, deal.owner?.id ?? null].join(' ')).sort(),
  }));
  run.boards.push({ at: rows[0]?.at ?? '', board: [{ pipeline: data.pipeline.name, stages }] });
}

/** The same board from the histories alone. */
async function rebuild(run: Run, at: string): Promise<Board> {
  const { rows } = await stage.world.client.query<{ board: Board[number] }>(
    `WITH definition AS (
       SELECT DISTINCT ON (pipeline_id) * FROM pipeline_history WHERE org_id = $1 AND at <= $2 ORDER BY pipeline_id, at DESC, seq DESC
     ), state AS (
       SELECT DISTINCT ON (deal_id) * FROM deal_history WHERE org_id = $1 AND at <= $2 ORDER BY deal_id, at DESC, seq DESC
     )
     SELECT jsonb_build_object('pipeline', d.name, 'stages', (
       SELECT jsonb_agg(jsonb_build_object('name', s.stage->>'name', 'deals', coalesce((
         SELECT jsonb_agg(concat_ws(' ', deal_id, round(value, 2)::text, currency, status, owner_id) ORDER BY concat_ws(' ', deal_id, round(value, 2)::text, currency, status, owner_id) COLLATE "C")
         FROM state WHERE stage_id = (s.stage->>'id')::uuid AND NOT is_deleted), '[]')) ORDER BY s.place)
       FROM jsonb_array_elements(d.stages) WITH ORDINALITY AS s (stage, place))) AS board
     FROM definition AS d WHERE NOT d.is_deleted`,
    [run.org.id, at],
  );
  return rows.map((row) => row.board);
}

const plain = (board: Board): Board =>
  board.map(({ pipeline, stages }) => ({
    pipeline,
    stages: stages.map(({ name, deals }) => ({ name, deals: deals.map((deal) => deal.replace(/ +/g, ' ').trim()).sort() })),
  }));

test('the histories rebuild the board of any moment of a random sequence of changes', async () => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...Object.keys(STEPS), 'make', 'move'), fc.nat(1000)), {
    minLength: 8,
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const org = await stage.world.organization();
      const run: Run = { org, deals: [], boards: [] };
      for (const [name, pick] of [['make', 1], ['make', 2], ...sequence] as [string, number][]) {
        const answer = await STEPS[name]?.(run, pick);
        for (const error of answer?.errors ?? []) expect(['INVALID_INPUT', 'NOT_FOUND']).toContain(error.extensions.code);
        await look(run);
      }
      for (const { at, board } of run.boards) expect(plain(await rebuild(run, at))).toEqual(plain(board));
    }),
    { numRuns: 12 },
  );
}, 90_000);
