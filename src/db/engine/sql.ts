import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql, type RawBuilder } from 'kysely';
import { columnOf, type Entity } from '../graph.js';

/** A piece of SQL; values in it are always bound, never spliced. */
export type Sql = RawBuilder<unknown>;

/** A statement as it goes over the wire. */
export interface Statement {
  text: string;
  values: readonly unknown[];
  /** That no other one is read in its snapshot, which then ends with it. */
  isLast?: boolean;
}

/**
 * A value that stays open until the statement is sent: who asks, when, and for which parents. So a statement that was compiled once
 * serves every caller; what was bound when it was compiled is the same for all of them.
 */
export interface Opening {
  readonly opening: keyof Fillings;
  /** Which of several, where it is one of them. */
  readonly at?: number;
}

/** What openings are filled with. */
export interface Fillings {
  orgId: string;
  userId: string;
  /** As RFC 3339. */
  now: string;
  parents: readonly string[];
  /** What a statement asks for: a room's own (`Reader.askKept`) all of it, a change's (`Kept`) one by one. */
  given: readonly (string | null)[];
}

export const OPENINGS: { readonly [Name in keyof Fillings]: Opening } = {
  orgId: { opening: 'orgId' },
  userId: { opening: 'userId' },
  now: { opening: 'now' },
  parents: { opening: 'parents' },
  given: { opening: 'given' },
};

const GIVEN: readonly Opening[] = Array.from({ length: 16 }, (_, at) => ({ opening: 'given', at }));

/** Openings for what is given, one by one. */
export function givenAt(place: number): Opening {
  const found = GIVEN[place];
  if (!found) throw new Error(`A statement is given ${GIVEN.length} values at most.`);
  return found;
}

const ALL_OPENINGS: ReadonlySet<unknown> = new Set([...Object.values(OPENINGS), ...GIVEN]);

/** A statement with its openings filled: the form that can be sent. */
export function filled({ values, ...statement }: Statement, fillings: Fillings): Statement {
  return { ...statement, values: values.map((value) => (isOpening(value) ? fillingOf(value, fillings) : value)) };
}

function fillingOf({ opening, at }: Opening, fillings: Fillings): unknown {
  return at === undefined ? fillings[opening] : fillings[opening][at];
}

/** By identity: what a client sent is never one. */
function isOpening(value: unknown): value is Opening {
  return typeof value === 'object' && ALL_OPENINGS.has(value);
}

/** Turns a piece of SQL into text and values. */
export function compile(piece: Sql): Statement {
  const { sql: text, parameters } = piece.compile(compiler);
  return { text, values: parameters };
}

/** The reader view of an entity, under an alias. */
export function viewOf(entity: Entity, alias: string): Sql {
  return sql`${sql.id('read', entity.table)} as ${sql.id(alias)}`;
}

/** The column of an entity's field, under the alias its view has. */
export function column(alias: string, field: string): Sql {
  return sql.ref(`${alias}.${columnOf(field)}`);
}

/** Fields by their GraphQL names; all that are declared unless some are named. */
export function selectList(entity: Entity, alias: string, fields: readonly string[] = Object.keys(entity.fields)): Sql {
  return sql.join(fields.map((field) => sql`${column(alias, field)} as ${sql.id(field)}`));
}

/** All of them hold; true for none. */
export function all(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`;
}

/** At least one holds; false for none. */
export function any(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`false` : sql`(${sql.join(conditions, sql` or `)})`;
}

/** Whether an operand is a piece of SQL rather than a value to bind. */
export function isExpression(operand: unknown): operand is Sql {
  return typeof operand === 'object' && operand !== null && 'isRawBuilder' in operand;
}

/** The exact complement, also of what is not known to hold. */
export function not(condition: Sql): Sql {
  return sql`(${condition} is not true)`;
}

/** Compiles only: what carries a statement to PostgreSQL is db/snapshot.ts. */
const compiler = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});
