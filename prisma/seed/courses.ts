import { DAY, workTime } from './moments.js';
import type { Pipeline } from './pipelines.js';
import { chance, weighted, type Scene } from './scene.js';

export type DealStatus = 'OPEN' | 'WON' | 'LOST';

/** What became of a deal, and when. */
export interface Course {
  createdAt: number;
  stage: number;
  stageEnteredAt: number;
  status: DealStatus;
  closedAt: number | null;
  expectedClose: number | null;
  /** Nothing has happened after this. */
  endedAt: number;
}

/** A deal's course within the last year: the older it is, the more likely it is closed. */
export function makeCourse(scene: Scene, pipeline: Pipeline): Course {
  const { faker, today } = scene;
  // Business grows: somewhat more deals of late.
  const around = today - DAY / 2 - Math.floor(faker.number.float() ** 1.25 * 363 * DAY);
  const createdAt = workTime(faker, around, Math.min(around + 4 * DAY, today - DAY / 4));
  const status = pickStatus(scene, (today - createdAt) / DAY);
  const endedAt = status === 'OPEN' ? today : workTime(faker, createdAt + DAY, Math.min(createdAt + 150 * DAY, today));
  const stage = pickStage(scene, pipeline.plan.stages.length, status);
  const stageEnteredAt = stage === 0 ? createdAt : enterStage(scene, createdAt, endedAt);
  const closedAt = status === 'OPEN' ? null : endedAt;
  return {
    createdAt,
    stage,
    stageEnteredAt,
    status,
    closedAt,
    endedAt,
    expectedClose: expectClose(scene, createdAt, endedAt, status),
  };
}

function pickStatus({ faker }: Scene, ageInDays: number): DealStatus {
  const stillOpen = ageInDays > 160 ? 0.15 : ageInDays > 70 ? 0.45 : 0.85;
  if (ageInDays < 3 || chance(faker, stillOpen)) return 'OPEN';
  return weighted(faker, [
    ['WON', 47],
    ['LOST', 53],
  ]);
}

function pickStage({ faker }: Scene, stages: number, status: DealStatus): number {
  const last = stages - 1;
  if (status === 'WON') return chance(faker, 0.85) ? last : faker.number.int({ min: 1, max: last });
  // A funnel: fewer from stage to stage.
  return Math.floor(faker.number.float() ** 1.25 * stages);
}

/** Most deals moved lately; some have been forgotten where they are. */
function enterStage({ faker }: Scene, createdAt: number, endedAt: number): number {
  const latest = chance(faker, 0.7) ? Math.max(createdAt, endedAt - 30 * DAY) : createdAt;
  return workTime(faker, latest, endedAt);
}

function expectClose({ faker }: Scene, createdAt: number, endedAt: number, status: DealStatus): number | null {
  if (chance(faker, status === 'OPEN' ? 0.14 : 0.05)) return null;
  const overdue = status === 'OPEN' && chance(faker, 0.2);
  const days = overdue ? { min: -40, max: -1 } : status === 'OPEN' ? { min: 2, max: 130 } : { min: -20, max: 25 };
  return Math.max(createdAt + DAY, endedAt + faker.number.int(days) * DAY);
}
