import { invalid, type FieldError } from '../../errors.js';

type Path = FieldError['path'];

/** Parts of a filter at most: fields, operators, `and`, `or`, `not`. */
export const MOST_CONDITIONS = 200;
/** Relations in a filter at most, over all its parts: each is a table that PostgreSQL has to plan. */
export const MOST_RELATIONS = 12;
/** Relations on the way from the listed record at most, in filters and orders. */
export const MOST_HOPS = 4;

/** Rows at most that an order sorts which no index walks. */
export const MOST_BOUNDED_ROWS = 10_000;

/** Counts what a filter asks of PostgreSQL while it is compiled. */
export interface Meter {
  /** @throws DomainError INVALID_INPUT when it is one too many; also the next two. */
  condition(path: Path): void;
  relation(hops: number, path: Path): void;
}

/** @see Meter */
export function meter(): Meter {
  let conditions = 0;
  let relations = 0;
  return {
    condition: (path) => {
      conditions += 1;
      if (conditions > MOST_CONDITIONS) throw tooMuch(path, `A filter has at most ${MOST_CONDITIONS} conditions.`);
    },
    relation: (hops, path) => {
      relations += 1;
      if (hops > MOST_HOPS) throw tooMuch(path, `A filter follows at most ${MOST_HOPS} relations in a row.`);
      if (relations > MOST_RELATIONS) throw tooMuch(path, `A filter follows at most ${MOST_RELATIONS} relations in all.`);
    },
  };
}

function tooMuch(path: Path, limit: string): Error {
  return invalid(path, `${limit} Ask for less, or in several requests.`, 'TOO_MANY');
}
