import { invalid } from '../../errors.js';
import { kindOf, type Entity, type Kind } from '../graph.js';
import { MOST_BOUNDED_ROWS } from './limits.js';
import type { PageRow } from './page.js';
import type { Window } from './window.js';

/** @throws DomainError INVALID_INPUT when a list was too long for its order, naming filters that would help. */
export function checkLength(entity: Entity, window: Pick<Window, 'keys' | 'filter'>, [row]: readonly PageRow[]): void {
  if (!row?.$excess) return;
  const named = (names: string[]): string => names.map((name) => `\`${name}\``).join(', ');
  const keys = window.keys.filter((key) => key.bounded).map(({ name }) => name);
  const limit = MOST_BOUNDED_ROWS.toLocaleString('en');
  const message = `No index serves the order by ${named(keys)}, so it sorts at most ${limit} rows, and this list has more. Choose fewer with a filter, for example ${named(filtersThatHelp(entity, window.filter))}, or order by ${named([...entity.orders])}.`;
  throw invalid(['orderBy'], message, 'TOO_MANY_ROWS');
}

/** What people narrow lists by: whose, in which state, since when. */
const HELPFUL: readonly Kind[] = ['uuid', 'enum', 'date', 'timestamp'];

function filtersThatHelp(entity: Entity, given: object): string[] {
  const kindOfFilter = (name: string): Kind => kindOf(entity, entity.aliases[name] ?? name).kind;
  const unused = Object.keys(entity.filters).filter(
    (name) => name !== 'id' && !(name in given) && entity.filters[name]?.includes('eq'),
  );
  return HELPFUL.flatMap((kind) => unused.filter((name) => kindOfFilter(name) === kind).slice(0, 2)).slice(0, 4);
}
