import { randomUUID } from 'node:crypto';
import type { Answer, Stage } from './app.js';
import type { Organization } from './world.js';

/** A sequence of changes of one organization's deals. */
export interface Run {
  stage: Stage;
  org: Organization;
  deals: string[];
}

/** A change, of what `pick` chooses; undefined when there is nothing to change. */
export type Step = (run: Run, pick: number) => Promise<Answer | undefined>;

export const send = (run: Run, query: string, variables: Record<string, unknown>): Promise<Answer> =>
  run.stage.send(query, { token: run.stage.tokenOf(run.org, 'OWNER'), variables });
const on = (fields: string, more: (run: Run, pick: number) => Record<string, unknown> = () => ({}), types = ''): Step => {
  return async (run, pick) => {
    const id = run.deals[pick % Math.max(1, run.deals.length)];
    return id ? send(run, `mutation ($id: ID! ${types}) { ${fields} { deal { id } } }`, { id, ...more(run, pick) }) : undefined;
  };
};

/** Everything that a board shows, and what it does not. */
export const STEPS: Record<string, Step> = {
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
      stages: [...kept, { name: `Stage ${randomUUID().slice(0, 8)}`, probability: pick % 101 }],
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
