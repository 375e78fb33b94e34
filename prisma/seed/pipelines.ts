import { DAY, iso } from './moments.js';
import type { PipelinePlan, StagePlan } from './phrases/language.js';
import { newId, type Scene } from './scene.js';

export interface PipelineRow {
  org_id: string;
  id: string;
  name: string;
  is_default: boolean;
  stages: (StagePlan & { id: string })[];
  created_at: string;
  updated_at: string;
}

export interface Pipeline {
  row: PipelineRow;
  plan: PipelinePlan;
}

/** The organization's pipelines; the first is its default. */
export function makePipelines(scene: Scene): Pipeline[] {
  const createdAt = scene.today - 580 * DAY;
  return scene.language.pipelines.map((plan, index) => ({
    plan,
    row: {
      org_id: scene.orgId,
      id: newId(scene.faker, createdAt),
      name: plan.name,
      is_default: index === 0,
      stages: plan.stages.map((stage) => ({ id: newId(scene.faker, createdAt), ...stage })),
      created_at: iso(createdAt),
      updated_at: iso(createdAt),
    },
  }));
}
