import { sql } from 'kysely';
import type { Sql } from '../engine/sql.js';
import { ERASE_VALUES, FORM } from './form.js';

/** Rows of a statement, whoever carries it: a caller's snapshot, or the owner's connection. */
export type Ask = <Row>(statement: Sql) => Promise<Row[]>;

/** A fact as the verification reads it: hashes in hex, JSON as text. */
export interface Link {
  seq: string;
  prev: string;
  hash: string;
  form: string;
  changes: string;
  ip: string | null;
  /** Its values by field. */
  values: string | null;
  /** Fields whose values were erased, with the number of the fact that says so. */
  erased: string | null;
  /** Of an erasure: the digest of what is listed under it now. */
  digest: string | null;
}

/** A value as it lies beside a fact. */
export interface StoredValue {
  salt: string;
  before: unknown;
  after: unknown;
}

/** Facts from a number on, in order. */
export function linksStatement(orgId: string, from: number, to: number | null, most: number): Sql {
  const end = to === null ? sql`true` : sql`l.seq <= ${to}`;
  return sql`
    select ${LINK} from public.audit_logs as l
    where l.org_id = ${orgId}::uuid and l.seq >= ${from} and ${end} order by l.seq limit ${sql.lit(most)}`;
}

/** Single facts by their numbers. */
export function linksOf(orgId: string, numbers: readonly number[]): Sql {
  return sql`select ${LINK} from public.audit_logs as l where l.org_id = ${orgId}::uuid and l.seq = any(${numbers}::bigint[])`;
}

/** The last fact, and what the organization's head says: how many there are. Rows are none for an organization without facts. */
export function headStatement(orgId: string): Sql {
  return sql`
    select h.seq::text as counted, l.seq::text, encode(l.hash, 'hex') as hash, l.created_at as at
    from (select max(seq) as seq from public.audit_heads where org_id = ${orgId}::uuid) as h
    left join lateral (
      select * from public.audit_logs as l where l.org_id = ${orgId}::uuid order by l.seq desc limit 1
    ) as l on true`;
}

const LINK: Sql = sql`
  l.seq::text, encode(l.prev_hash, 'hex') as prev, encode(l.hash, 'hex') as hash, ${FORM} as form, l.changes::text, to_json(l.ip_address) #>> '{}' as ip,
  (select jsonb_object_agg(v.field, jsonb_build_object('salt', encode(v.salt, 'hex'), 'before', v.before, 'after', v.after))::text
     from public.audit_values as v where v.org_id = l.org_id and v.audit_id = l.id) as values,
  (select jsonb_object_agg(e.field, e.seq)::text from public.audit_erasures as e where e.org_id = l.org_id and e.audit_id = l.id) as erased,
  case when l.action = ${sql.lit(ERASE_VALUES)} then
    (select encode(sha256(convert_to(string_agg(e.audit_id || ' ' || e.field, E'\\n' order by e.audit_id, e.field collate "C"), 'UTF8')), 'hex')
       from public.audit_erasures as e where e.org_id = l.org_id and e.seq = l.seq)
  end as digest`;
