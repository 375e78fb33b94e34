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
  /** Where the operation is traced: what is going on now. */
  span: Span | null;
}

export type SpanKindName = 'server' | 'client' | 'internal';

/** A stretch of time in a trace. Names and attributes are names, ids and codes. */
export interface Span {
  begin(name: string, kind?: SpanKindName, attributes?: Record<string, string>): Span;
  /** Names it by what has become known of it. */
  note(attributes: Record<string, string | number | null>, name: string): Span;
  /** @param failure the code of what went wrong. */
  end(failure?: string): void;
}

/** Begins to look at an operation. */
export function watch(span: Span | null = null): Watch {
  return { started: performance.now(), statements: 0, batches: [], cost: null, span };
}
