import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../../caller.js';
import type { Transaction } from '../database.js';
import type { AtEnd } from '../write.js';
import { commitment } from '../chain/commitment.js';
import { IP } from '../chain/form.js';
import type { Scope } from '../engine/scope.js';
import { compile, givenAt, type Opening, type Sql, type Statement } from '../engine/sql.js';
import { columnOf, type Entity, type Graph } from '../graph.js';
import type { Kept } from './kept.js';
import { table, tenantOf } from './statements.js';

/** Where a change came from. */
export interface Origin {
  requestId: string;
  ip: string | null;
  operation: string | null;
}

/** What happened to one record. */
export interface Fact {
  action: string;
  entity: Entity;
  id: string;
  /** The record's version after it; null: what it is once the facts are written. */
  version: number | null;
  values: { field: string; before: unknown; after: unknown }[];
  /** The record after it, as far as its history needs it. */
  after: Record<string, unknown>;
}

const SALT_BYTES = 16;

/** Above this, plans that were made for a few rows are too dear to go by. */
const MANY = 500;

/** What the facts of a change are written with. */
export interface FactsDesk {
  tx: Transaction;
  caller: Caller;
  origin: Origin;
  graph: Graph;
  kept: Kept;
}

/**
 * Writes the facts of a change: audit rows with the organization's next numbers, their values, and histories. One
 * statement; the head row it locks first is what makes the order of `seq` the order of the commits.
 *
 * @param atEnd where nothing comes after them but the commit.
 */
export async function writeFacts(desk: FactsDesk, facts: Fact[], atEnd: AtEnd | null = null): Promise<void> {
  if (facts.length > MANY) await planAnew(desk.tx);
  const statement = factsStatement(desk, facts);
  if (atEnd) atEnd(statement);
  else await desk.tx.$queryRawUnsafe(statement.text, ...statement.values);
}

function factsStatement({ caller, origin, graph, kept }: FactsDesk, facts: Fact[]): Statement {
  const rows = facts.map((fact, index) => rowOf(fact, origin, index + 1));
  const { via } = caller;
  const shown = historiesOf(graph, facts);
  const given = [
    String(facts.length),
    uuidv7(),
    via.kind === 'SESSION' ? 'USER' : via.kind,
    via.kind === 'SYSTEM' ? null : caller.userId,
    via.kind === 'API_KEY' ? via.keyId : null,
    origin.ip,
    origin.requestId,
    origin.operation,
    JSON.stringify(rows.map(({ values: _, ...row }) => row)),
    JSON.stringify(rows.flatMap((row) => row.values)),
  ];
  const histories = shown.map(({ history }) => history);
  const unknown = facts.find(({ version }) => version === null)?.entity ?? null;
  return kept(
    `facts ${histories.map(({ table }) => table).join(' ')}, version of ${unknown?.table ?? 'none'}`,
    [...given, ...shown.map((each) => JSON.stringify(each.rows))],
    (scope) => writtenFacts(scope, histories, given.length, unknown),
  );
}

/**
 * @param from the place of the first history's rows in what is given.
 * @param unknown whose records tell the versions that facts do not know.
 */
function writtenFacts(scope: Scope, histories: History[], from: number, unknown: Entity | null): Statement {
  const { orgId } = scope;
  const version = unknown ? sql`coalesce(f.entity_version, ${versionOf(unknown, scope)})` : sql`f.entity_version`;
  const shared = sql`${orgId}::uuid`;
  const count = sql`${givenAt(0)}::int`;
  const [changeId, actor, userId, keyId, ip, requestId, operation, rows, values] = Array.from({ length: 9 }, (_, n) =>
    givenAt(n + 1),
  );
  const inserts = histories.map((history, n) => sql`, ${historyInsert(history, givenAt(from + n), shared)}`);
  return compile(sql`
    with head as (
      insert into public.audit_heads as h (org_id, seq, updated_at) values (${shared}, ${count}, clock_timestamp())
      on conflict (org_id) do update set seq = h.seq + ${count}, updated_at = greatest(h.updated_at, clock_timestamp())
      returning seq - ${count} as base, updated_at as at
    ), logs as (
      insert into public.audit_logs (org_id, id, seq, change_id, actor_kind, user_id, api_key_id, action, entity_type, entity_id, entity_version,
                                     changes, ip_address, request_id, operation, created_at)
      select ${shared}, f.id, head.base + f.n, ${changeId}::uuid, ${actor}, ${userId}::uuid,
             ${keyId}::uuid, f.action, f.entity_type, f.entity_id,
             ${version}, f.changes, ${ip}::inet, ${requestId}, ${operation}, head.at
      from head, jsonb_to_recordset(${rows}::jsonb)
        as f(n int, id uuid, action text, entity_type text, entity_id uuid, entity_version int, changes jsonb)
      -- The chain is made row by row (the trigger audit_chain).
      order by f.n
    ), kept as (
      insert into public.audit_values (org_id, audit_id, field, before, after, salt)
      select ${shared}, v.audit_id, v.field, v.before, v.after, decode(v.salt, 'hex')
      from jsonb_to_recordset(${values}::jsonb)
        as v(audit_id uuid, field text, before jsonb, after jsonb, salt text)
    )${inserts.length > 0 ? sql.join(inserts, sql``) : sql``}
    select 1`);
}

function versionOf(entity: Entity, scope: Scope): Sql {
  return sql`(select t.version from ${table(entity)} where ${tenantOf(scope, 't', entity.tenant)} and t.id = f.entity_id)`;
}

/**
 * A connection keeps the plans of its checks of foreign keys: those it made when a table fitted on a page read the whole table for each row,
 * and many rows in one statement then take the square of their number. Planned anew, they go by the key.
 */
async function planAnew(tx: Transaction): Promise<void> {
  await tx.$executeRawUnsafe('SET LOCAL enable_seqscan = off');
  await tx.$executeRawUnsafe('DISCARD PLANS');
}

interface ValueRow {
  audit_id: string;
  field: string;
  before: unknown;
  after: unknown;
  salt: string;
}

function rowOf(fact: Fact, origin: Origin, n: number): { values: ValueRow[] } & Record<string, unknown> {
  const id = uuidv7();
  const told = origin.ip ? [...fact.values, { field: IP, before: null, after: origin.ip }] : fact.values;
  const salts = randomBytes(SALT_BYTES * told.length);
  const saltAt = (place: number): string => salts.toString('hex', SALT_BYTES * place, SALT_BYTES * (place + 1));
  const values = told.map((value, place) => ({ audit_id: id, salt: saltAt(place), ...value }));
  const changes = Object.fromEntries(
    values.map((value) => [value.field, commitment(value.salt, value.field, value.before, value.after)]),
  );
  return {
    n,
    id,
    action: fact.action,
    entity_type: fact.entity.type,
    entity_id: fact.id,
    entity_version: fact.version,
    changes,
    values,
  };
}

type History = NonNullable<Entity['history']>;

/** The histories that facts changed something of, and a row of each for each of those facts. */
function historiesOf(graph: Graph, facts: Fact[]): { history: History; rows: object[] }[] {
  return [...graph.values()].flatMap((entity) => {
    const { history } = entity;
    if (!history) return [];
    const shown = new Set([...history.fields, 'deletedAt', 'id']);
    const rows = facts.flatMap((fact, index) => {
      const isShown = fact.entity === entity && (fact.version === 1 || fact.values.some(({ field }) => shown.has(field)));
      return isShown ? [historyRow(fact, history, index + 1)] : [];
    });
    return rows.length === 0 ? [] : [{ history, rows }];
  });
}

/** @param n the number of the fact in its change. */
function historyRow(fact: Fact, { key, fields }: History, n: number): Record<string, unknown> {
  const shown = fields.map((field): [string, unknown] => [columnOf(field), fact.after[field] ?? null]);
  return { id: uuidv7(), [key]: fact.id, seq: n, is_deleted: Boolean(fact.after['deletedAt']), ...Object.fromEntries(shown) };
}

function historyInsert({ table, key, fields }: History, rows: Opening, orgId: Sql): Sql {
  const names = [key, 'is_deleted', ...fields.map(columnOf)];
  const columns = sql.join(names.map((name) => sql.id(name)));
  const values = sql.join(names.map((name) => sql.ref(`h.${name}`)));
  return sql`${sql.id(table)} as (
      insert into ${sql.id('public', table)} (org_id, id, at, seq, ${columns})
      select ${orgId}, h.id, head.at, head.base + h.seq, ${values}
      from head, jsonb_populate_recordset(null::${sql.id('public', table)}, ${rows}::jsonb) as h
    )`;
}
