import { sqlState } from './sql-state.js';

/** What a log may tell of a fault: which kind it is and where it was, never what it was about. */
export interface Fault {
  type: string;
  /** Cut off where values begin. */
  message?: string;
  code?: string;
  sqlState?: string;
  constraint?: string;
  table?: string;
  column?: string;
  stack: string;
  cause?: Fault;
}

const DEEPEST_CAUSE = 3;

/** @see Fault. Messages of drivers and libraries quote values, and their errors carry more of them: only what is named here is told. */
export function faultOf(error: unknown, depth = 0): Fault {
  const { name, code, cause, ...rest } = partsOf(error);
  const stack = framesOf(error);
  const state = sqlState(error);
  return withoutEmpty({
    type: word(name) ?? typeof error,
    message: messageOf(error, stack),
    code: word(code),
    sqlState: word(state),
    constraint:
      word(rest.constraint) ??
      (state.startsWith(VIOLATION) ? /constraint "(\w+)"/.exec(rest.originalMessage ?? '')?.[1] : undefined),
    table: word(rest.table),
    column: word(rest.column),
    stack,
    cause: cause && depth < DEEPEST_CAUSE ? faultOf(cause, depth + 1) : undefined,
  });
}

/** Class 23: PostgreSQL then quotes nothing but names in its message. */
const VIOLATION = '23';

/** Where in the code an error was made; what it says, which stands above that, is left out. */
export function framesOf(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.filter((line) => FRAME.test(line)).join('\n');
}

/** A line that names a place, so that a message of many lines cannot pass for one. */
const FRAME = /^\s+at (?:[\w$.<>[\]# ]+ \()?(?:file:\/\/\/|node:|\/|[A-Z]:\\)[^()]*:\d+:\d+\)?$/;

/** The text of a log line up to where it may quote something: for lines of libraries, which put values into sentences. */
export function plainWords(text: string): string {
  const end = text.search(/[\n:"'`«“‘([{<=@\d]/);
  return end < 0 ? text : `${text.slice(0, end).trimEnd()} …`;
}

interface Parts {
  name?: unknown;
  code?: unknown;
  cause?: unknown;
  constraint?: unknown;
  table?: unknown;
  column?: unknown;
  originalMessage?: string;
}

/** Prisma hands what its adapter was told on in `meta`. */
function partsOf(error: unknown): Parts {
  const parts = (error ?? {}) as Parts & { meta?: { driverAdapterError?: { cause?: Parts } } };
  const { name, code, cause, meta, ...own } = parts;
  const { constraint, ...names } = { ...own, ...withoutEmpty({ ...meta?.driverAdapterError?.cause }) };
  return { ...names, name, code, cause, constraint: nameIn(constraint) };
}

/** An adapter says `{ index }` or `{ fields }` of a constraint. */
function nameIn(constraint: unknown): unknown {
  const { index, fields } = (constraint ?? {}) as { index?: unknown; fields?: unknown };
  return index ?? (Array.isArray(fields) ? fields.join('-') : constraint);
}

/** A name that code gave; nothing else is one word. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,80}$/.test(value) ? value : undefined;
}

/** What the language itself says without a value in it. */
const OF_THE_LANGUAGE =
  /^(?:Cannot (?:read|set) properties of (?:undefined|null)|Cannot convert undefined or null to object|Maximum call stack size exceeded|Invalid (?:time value|array length|string length))/;

/** Sentences of our own code, up to what they name, and those of the language; of others nothing. */
function messageOf(error: unknown, stack: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.constructor === Error && !('code' in error) && isOurs(stack)) return plainWords(error.message);
  return OF_THE_LANGUAGE.exec(error.message)?.[0];
}

function isOurs(stack: string): boolean {
  const [first = ''] = stack.split('\n');
  return first !== '' && !/node_modules|node:/.test(first);
}

function withoutEmpty<Whole extends object>(whole: Whole): Whole {
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined && value !== null)) as Whole;
}
