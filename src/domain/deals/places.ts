import type { Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { DealPlace } from '../../generated/graphql.js';
import { evenPositions, positionBetween } from '../../lib/positions.js';
import { isUuid } from '../../lib/uuid.js';
import type { DealRow } from './graph.js';

/** A longer key means that many rows were put between the same two: the column is spread anew. */
const LONGEST_KEY = 40;

/**
 * The sort key of a place in a stage's column; the bottom when nothing is said. Spreads the column anew when there is no
 * room left, which changes nobody's version.
 *
 * @throws DomainError INVALID_INPUT for a neighbour that is not in that stage.
 */
export async function positionAt(
  writer: Writer,
  stageId: string,
  place: DealPlace | null | undefined,
  movedId: string,
  end = endFor(writer, stageId, place, movedId),
): Promise<string> {
  const key = await keyAt(writer, stageId, place, movedId, end);
  if (key && key.length <= LONGEST_KEY) return key;
  await spread(writer, stageId, movedId);
  return (await keyAt(writer, stageId, place, movedId, endFor(writer, stageId, place, movedId))) ?? positionBetween('', null);
}

/** The sort key at that end of the column where the place is; null of a place next to a neighbour, and of an empty column. */
export async function endFor(
  writer: Writer,
  stageId: string,
  place: DealPlace | null | undefined,
  movedId: string,
): Promise<string | null> {
  if (neighbourOf(place) !== null || !isUuid(stageId) || !isUuid(movedId)) return null;
  return writer.endOf('deals', { key: 'stageId', id: stageId, end: place?.at === 'TOP' ? 'first' : 'last', but: movedId });
}

function neighbourOf(place: DealPlace | null | undefined): string | null {
  return place?.before ?? place?.after ?? null;
}

/** Null when the neighbours leave no room: two of them have the same key. */
async function keyAt(
  writer: Writer,
  stageId: string,
  place: DealPlace | null | undefined,
  movedId: string,
  end: Promise<string | null>,
): Promise<string | null> {
  const neighbourId = neighbourOf(place);
  if (neighbourId === null)
    return place?.at === 'TOP' ? positionBetween('', await end) : positionBetween((await end) ?? '', null);
  const column = { ...writer.tenant, stageId, deletedAt: null, NOT: { id: movedId } };
  const edge = async (direction: 'asc' | 'desc', beyond: object): Promise<string | null> => {
    const found = await writer.reads.deal.findFirst({
      where: { ...column, ...beyond },
      orderBy: { position: direction },
      select: { position: true },
    });
    return found?.position ?? null;
  };
  const name = typeof place?.before === 'string' ? 'before' : 'after';
  const neighbour = (await writer.hold('deals', neighbourId)) as DealRow | null;
  if (!neighbour || neighbour.deletedAt || neighbour.stageId !== stageId || neighbour.id === movedId)
    throw invalid(['input', 'place', name], 'The deal next to it is not in that stage.', 'NOT_FOUND');
  const { position } = neighbour;
  if ((await writer.reads.deal.count({ where: { ...column, position } })) > 1) return null;
  if (place?.before) return positionBetween((await edge('desc', { position: { lt: position } })) ?? '', position);
  return positionBetween(position, await edge('asc', { position: { gt: position } }));
}

async function spread(writer: Writer, stageId: string, movedId: string): Promise<void> {
  const where = { ...writer.tenant, stageId, NOT: { id: movedId } };
  const deals = await writer.reads.deal.findMany({ where, orderBy: [{ position: 'asc' }, { id: 'asc' }], select: { id: true } });
  const positions = evenPositions(deals.length);
  await writer.derive(
    'deals',
    deals.map(({ id }, index) => ({ id, position: positions[index] })),
  );
}
