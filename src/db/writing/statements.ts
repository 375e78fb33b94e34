import { sql } from 'kysely';
import { filterCondition, type FilterInput } from '../engine/filter.js';
import { all, column, compile, givenAt, viewOf, type Opening, type Sql, type Statement } from '../engine/sql.js';
import { shortest } from '../../lib/decimal.js';
import { scopeConditions, visibleCondition, type Scope } from '../engine/scope.js';
import { columnOf, kindOf, type Entity } from '../graph.js';
import type { Kept } from './kept.js';

/** Values by field, as the API has them; undefined: not given. */
export type Changes = Record<string, unknown>;

/** A visible row for a change, locked against other changes of it; `exclusive` also against new references to it. */
export function lockStatement(entity: Entity, scope: Scope, id: Opening, exclusive: boolean): Statement {
  const strength = exclusive ? sql`for update of t` : sql`for no key update of t`;
  return compile(sql`select ${textList(entity)} from ${table(entity)} where ${visibleRow(entity, scope, id)} ${strength}`);
}

/** Rows for one change of all of them, seen by the caller or not; locked in the order of their ids. */
export function lockAllStatement(entity: Entity, scope: Scope, ids: readonly string[]): Statement {
  const rows = all([tenantOf(scope, 't', entity.tenant), sql`t.id = any(${ids}::uuid[])`]);
  return compile(sql`select ${textList(entity)} from ${table(entity)} where ${rows} order by t.id for no key update of t`);
}

/** The ids of what the caller sees and a filter finds, deleted ones too. Through the view, where the filter has its indexes. */
export function idsStatement(entity: Entity, scope: Scope, filter: FilterInput, most: number): Statement {
  const rows = [...scopeConditions(entity, 't', scope, 'WITH'), filterCondition(entity, 't', filter, scope)];
  return compile(sql`select t.id from ${viewOf(entity, 't')} where ${all(rows)} limit ${sql.raw(String(most))}`);
}

/** A visible row that is only referred to: stays there until the commit, and can be edited meanwhile. */
export function holdStatement(entity: Entity, scope: Scope, id: Opening): Statement {
  return compile(sql`select ${textList(entity)} from ${table(entity)} where ${visibleRow(entity, scope, id)} for key share of t`);
}

/** Which of some contacts are restricted, whoever may see them. */
export function restrictedStatement(scope: Scope, ids: readonly string[]): Statement {
  const theirs = all([tenantOf(scope, 't'), sql`t.id = any(${ids}::uuid[])`]);
  return compile(sql`select t.id from public.contacts as t where ${theirs} and t.restricted_at is not null`);
}

/** Who changed which fields of a record since a version. */
export function rivalsStatement(entity: Entity, scope: Scope, id: string, version: number): Statement {
  return compile(sql`
    select array(select jsonb_object_keys(a.changes - '@ip') order by 1) as fields, a.user_id as "userId",
           coalesce(nullif(btrim(u.first_name || ' ' || u.last_name), ''), u.email) as name
    from public.audit_logs as a left join public.users as u on u.org_id = a.org_id and u.id = a.user_id
    where ${tenantOf(scope, 'a')} and a.entity_type = ${entity.type} and a.entity_id = ${id}::uuid and a.entity_version > ${version}
    order by a.seq`);
}

/** Which of several entities has a record with this id. */
export function takenStatement(entities: readonly Entity[], scope: Scope, id: string): Statement {
  const each = entities.map((entity) => sql`select ${entity.type} as type from ${table(entity)} where ${key(entity, scope, id)}`);
  return compile(sql.join(each, sql` union all `));
}

/** Sets columns of rows, the same ones in each; answers the new versions. */
export function setStatement(kept: Kept, entity: Entity, rows: ({ id: string } & Changes)[]): Statement {
  const fields = Object.keys(rows[0] ?? {}).filter((field) => field !== 'id');
  const given = JSON.stringify(
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([field, value]) => [columnOf(field), value]))),
  );
  return kept(`set ${entity.table} ${fields.join(' ')}`, [given], (scope) => updateOf(entity, scope, fields, givenAt(0)));
}

function updateOf(entity: Entity, scope: Scope, fields: string[], given: Opening): Statement {
  const set = sql.join(fields.map((field) => sql`${sql.id(columnOf(field))} = ${column('given', field)}`));
  return compile(sql`
    update ${table(entity)} set ${set}
    from jsonb_populate_recordset(null::${sql.id('public', entity.table)}, ${given}::jsonb) as given
    where ${tenantOf(scope, 't', entity.tenant)} and t.id = given.id returning t.version`);
}

/** Values in the one form that rows are read in, so that equal values compare equal: ids in lower case, decimals at their shortest. */
export function normalized(entity: Entity, values: Changes): Changes {
  return Object.fromEntries(
    Object.entries(values).map(([field, value]) => {
      if (typeof value !== 'string' || !(field in entity.fields)) return [field, value];
      const { kind } = kindOf(entity, field);
      if (kind === 'uuid') return [field, value.toLowerCase()];
      return [field, kind === 'decimal' ? shortest(value) : value];
    }),
  );
}

/** Values as Prisma takes them: a date is the start of its day in UTC; everything else goes as it is. */
export function toPrisma(entity: Entity, values: Changes): Changes {
  return Object.fromEntries(
    Object.entries(values).map(([field, value]) => {
      const isDate = field in entity.fields && kindOf(entity, field).kind === 'date' && typeof value === 'string';
      return [field, isDate ? `${value}T00:00:00.000Z` : value];
    }),
  );
}

/** The table of an entity, under the name `t`. */
export function table(entity: Entity): Sql {
  return sql`${sql.id('public', entity.table)} as t`;
}

/** By id; what the caller cannot see is not found, as if it did not exist. */
function visibleRow(entity: Entity, scope: Scope, id: Opening): Sql {
  const visible = visibleCondition(entity, 't', scope);
  return all([key(entity, scope, id), ...(visible ? [visible] : [])]);
}

/** The application's own condition; PostgreSQL's policies stand behind it. */
export function tenantOf(scope: Scope, alias: string, tenant = 'org_id'): Sql {
  return scope.tenantFilter ? sql`${sql.ref(`${alias}.${tenant}`)} = ${scope.orgId}::uuid` : all([]);
}

function key(entity: Entity, scope: Scope, id: string | Opening): Sql {
  return all([tenantOf(scope, 't', entity.tenant), sql`t.id = ${id}::uuid`]);
}

/** Fields as texts that lose nothing on their way through Prisma: decimals, dates, and moments as the API prints them. */
export function textList(entity: Entity, fields: readonly string[] = Object.keys(entity.fields)): Sql {
  const read = (field: string): Sql => {
    const target = column('t', field);
    const { kind } = kindOf(entity, field);
    if (kind === 'timestamp') return sql`to_char(${target} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
    if (kind === 'decimal') return sql`trim_scale(${target})::text`;
    return kind === 'date' ? sql`${target}::text` : sql`${target}`;
  };
  return sql.join(fields.map((field) => sql`${read(field)} as ${sql.id(field)}`));
}
