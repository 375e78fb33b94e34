/**
 * What is seen of one operation from outside: numbers, names and codes, never a value. Every stage tells of its own work here; nobody
 * reads it before the operation has been answered.
 */
export interface Watch {
  /** When its request had arrived, by `performance.now()`. */
  readonly started: number;
  /** SQL statements of its reading and its changes. */
  statements: number;
  /** How many keys each of its loaders' statements was asked for. */
  readonly batches: number[];
  /** Points it may cost at most, and did cost. */
  cost: { requested: number; actual: number } | null;
}

/** Begins to look at an operation. */
export function watch(): Watch {
  return { started: performance.now(), statements: 0, batches: [], cost: null };
}
