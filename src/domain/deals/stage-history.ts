import type { Reader, VisitRow } from '../../db/index.js';
import type { DealRow } from './graph.js';

/**
 * Where a deal has been, the first stage first. The last stay ends when the deal is closed; reopening goes on with it. A deal
 * whose past nobody noted, because it was imported, has been where it is.
 */
export async function listStageVisits(reader: Reader, deal: DealRow): Promise<VisitRow[]> {
  const noted = await reader.visits(deal.id);
  const visits = noted.length > 0 ? noted : [await onlyVisit(reader, deal)];
  return visits.map((visit) => ({ ...visit, leftAt: visit.leftAt ?? deal.closedAt }));
}

async function onlyVisit(reader: Reader, { pipelineId, stageId, stageEnteredAt }: DealRow): Promise<VisitRow> {
  const name = ((await reader.find('pipeline_stages', stageId))?.['name'] ?? null) as string | null;
  return { stageId, pipelineId, name, enteredAt: stageEnteredAt, leftAt: null, byId: null };
}
