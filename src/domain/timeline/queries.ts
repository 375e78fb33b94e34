import { sql, type RawBuilder } from 'kysely';
import type { Place, Sight } from '../../db/index.js';

type Sql = RawBuilder<unknown>;

/** An entry of one parent's page, or none on an empty page (`id` null); with what lies beside the page. */
export interface EntryRow {
  $parent: string;
  kind: 'ACTIVITY' | 'CHANGE' | null;
  /** Of the activity or of the fact. */
  id: string;
  at: string;
  userId: string | null;
  action: string | null;
  version: number | null;
  fields: string[] | null;
  newer: boolean;
  older: boolean;
}

/** What has a timeline: its GraphQL type, its own column in activities, and the records whose activities are part of it. */
const SOURCES = {
  contacts: { type: 'Contact', key: 'contact_id', through: [{ table: 'deals', parent: 'contact_id', key: 'deal_id' }] },
  companies: {
    type: 'Company',
    key: null,
    through: [
      { table: 'contacts', parent: 'company_id', key: 'contact_id' },
      { table: 'deals', parent: 'company_id', key: 'deal_id' },
    ],
  },
  deals: { type: 'Deal', key: 'deal_id', through: [] },
} as const;

export type TimelineTable = keyof typeof SOURCES;

/** A stretch of a timeline: which rows of a source, from which end, how many. */
interface Stretch {
  /** Over the columns `created_at` and `id` of an alias. */
  within: (alias: string) => Sql;
  backward: boolean;
  most: number;
}

/**
 * A page of each parent's timeline in one statement. Every source is read in the order of an index from where the page begins, and no
 * further than the page; what stands in several sources is there once.
 */
export function timelineStatement(sight: Sight, table: TimelineTable, parents: Sql, place: Place): Sql {
  const { after, before, backward, size } = place;
  const bounds = [after ? beside('<', after) : null, before ? beside('>', before) : null].filter((bound) => bound !== null);
  const within = (alias: string): Sql => sql.join([sql`true`, ...bounds.map((bound) => bound(alias))], sql` and `);
  const page = merged(sight, table, { within, backward, most: size + 1 });
  // Its "offset 0" keeps what lies beside a page from being asked again for each of its rows.
  return sql`
    select parent.id as "$parent", beside.newer, beside.older, page.*
    from ${parents}
    cross join lateral (
      select ${exists(sight, table, after && beside('>=', after), true)} as newer,
             ${exists(sight, table, before && beside('<=', before), false)} as older offset 0
    ) as beside
    left join lateral (${page}) as page on true
    order by page.at ${direction(backward)}, page.id ${direction(backward)}`;
}

/** Values before and after a change, by field. */
export function valuesStatement(sight: Sight, parents: Sql): Sql {
  return sql`
    select parent.id as "$parent", v.field, v.before, v.after
    from ${parents} join read.audit_values as v on ${sight.mine('v')} and v.audit_id = parent.id
    where v.field not like '@%' order by v.field`;
}

function merged(sight: Sight, table: TimelineTable, stretch: Stretch): Sql {
  const order = sql`order by at ${direction(stretch.backward)}, id ${direction(stretch.backward)} limit ${sql.raw(String(stretch.most))}`;
  const { type, key, through } = SOURCES[table];
  const sources = [
    facts(sight, type, stretch),
    ...(key ? [activities(sight, key, sql`parent.id`, stretch)] : []),
    ...through.map((way) => activitiesThrough(sight, way, stretch)),
  ];
  const each = sources.map((source) => sql`(select * from (${source}) as source ${order})`);
  return sql`select distinct * from (${sql.join(each, sql` union all `)}) as entry ${order}`;
}

function facts(sight: Sight, type: string, { within, backward, most }: Stretch): Sql {
  return sql`
    select 'CHANGE' as kind, l.id, l.created_at as at, l.user_id as "userId", l.action, l.entity_version as version,
           array(select field from jsonb_object_keys(l.changes) as field where field not like '@%' order by field) as fields
    from read.audit_logs as l where ${sight.mine('l')} and l.entity_type = ${type} and l.entity_id = parent.id and ${within('l')}
    order by l.created_at ${direction(backward)}, l.id ${direction(backward)} limit ${sql.raw(String(most))}`;
}

function activities(sight: Sight, key: string, id: Sql, { within, backward, most }: Stretch): Sql {
  return sql`
    select 'ACTIVITY' as kind, t.id, t.created_at as at, t.user_id as "userId", null::text as action, null::int as version, null::text[] as fields
    from ${sight.rows('activities', 't')}
    where ${sight.seen('activities', 't')} and t.org_id = ${sight.orgId}::uuid and ${sql.ref(`t.${key}`)} = ${id} and ${within('t')}
    order by t.created_at ${direction(backward)}, t.id ${direction(backward)} limit ${sql.raw(String(most))}`;
}

/** Only through records that the caller sees: otherwise an entry would tell what belongs together. */
function activitiesThrough(sight: Sight, way: { table: string; parent: string; key: string }, stretch: Stretch): Sql {
  return sql`
    select theirs.* from ${sight.rows(way.table, 'way')}
    cross join lateral (${activities(sight, way.key, sql`way.id`, stretch)}) as theirs
    where ${sight.seen(way.table, 'way')} and way.org_id = ${sight.orgId}::uuid and ${sql.ref(`way.${way.parent}`)} = parent.id`;
}

/** Whether a timeline has an entry there; asks for the nearest one. */
function exists(sight: Sight, table: TimelineTable, within: ((alias: string) => Sql) | null, backward: boolean): Sql {
  if (!within) return sql`false`;
  return sql`exists (${merged(sight, table, { within, backward, most: 1 })})`;
}

function beside(operator: '<' | '>' | '<=' | '>=', [at, id]: NonNullable<Place['after']>): (alias: string) => Sql {
  return (alias) =>
    sql`(${sql.ref(`${alias}.created_at`)}, ${sql.ref(`${alias}.id`)}) ${sql.raw(operator)} (${at}::timestamptz, ${id}::uuid)`;
}

function direction(backward: boolean): Sql {
  return backward ? sql`asc` : sql`desc`;
}
