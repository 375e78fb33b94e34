import fc from 'fast-check';
import { openStage, type Stage } from './support/app.js';
import { STEPS, send, type Run } from './support/changes.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** A pipeline's stages in order, each with the deals a board shows in it. */
type Board = { pipeline: string; stages: { name: string; deals: string[] }[] }[];

interface Played extends Run {
  boards: { at: string; board: Board }[];
}

/** The board as the API shows it now, and the moment it was so. */
async function look(run: Played): Promise<void> {
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
      const run: Played = { stage, org, deals: [], boards: [] };
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
