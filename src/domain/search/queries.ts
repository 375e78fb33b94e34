import { sql, type RawBuilder } from 'kysely';
import type { Place, Sight } from '../../db/index.js';
import type { SearchType } from '../../generated/graphql.js';
import type { Form, Question } from './question.js';

type Sql = RawBuilder<unknown>;

/** One hit of a page, or none on an empty page (`id` null); with what is known of the whole window. */
export interface HitRow {
  type: SearchType | null;
  id: string;
  points: number;
  /** The stored words that were matched, plain. */
  words: string[] | null;
  total: number;
  preceding: boolean;
}

/** The same with the record, as whoever asked reads it (`Reader.askKept`). */
export interface FoundRow extends HitRow {
  record: unknown;
}

export const TABLES: Record<SearchType, string> = {
  CONTACT: 'contacts',
  COMPANY: 'companies',
  DEAL: 'deals',
  ACTIVITY: 'activities',
};

/** Records of a type that take part in the ranking. */
const MOST_HITS = 100;
/** Short beginnings (`Form`) have so many words that only the first in alphabetical order are looked at, a longer one has fewer. */
const WORDS_READ = { short: 5_000, long: 50_000 };
/** The latest activities, read one by one: words that many of them hold are found here. */
const LATEST_NOTES = 5_000;
/** When fewer of the latest hold the words, the index over all notes is asked; it answers rare words quickly. */
const ENOUGH_NOTES = 50;
/** When no more than RARE of so many hold them, the others of the latest are not read one by one. */
const PROBED_NOTES = 1_000;
const RARE = 4;
const NOTES_READ = 5_000;
/** Words that are spelt alike, for each word asked for. */
const MOST_ALIKE = 8;

/** What stands in `given` for the statement below: digits, the place after which the page begins, the words. */
export function given({ words, digits }: Question, { after }: Place): (string | null)[] {
  return [digits, textOf(after?.[0]), textOf(after?.[1]), ...words];
}

function textOf(key: string | number | boolean | null | undefined): string | null {
  return key == null ? null : String(key);
}

/**
 * A page of what matches, best first: candidates of each type from one index, at most MOST_HITS that the caller sees, ranked
 * together. Every candidate is joined to its record under `sight.seen`. What was typed is made plain once, in `asked`. The text follows from
 * `form` alone, so that it is written and planned once for all questions of that form.
 *
 * @param values what `given` says, as SQL.
 */
export function searchStatement(sight: Sight, values: Sql, form: Form): Sql {
  const position = sql`((select points from asked), (select id from asked))`;
  const beyond = form.isContinued ? sql`(r.points, r.id) < ${position}` : sql`true`;
  const before = form.isContinued ? sql`(r.points, r.id) >= ${position}` : sql`false`;
  const alike = form.isAlike ? form.words.flatMap((_, n) => similarWords(sight, form, n)) : [];
  return sql`
    with asked as materialized (${asked(values, form)}),
    ${alike.length > 0 ? sql.join(alike, sql``) : sql``}
    found as (${sql.join(candidates(sight, form), sql` union all `)}),
    ranked as materialized (
      select found.type, found.id, max(found.points) as points, max(found.words) as words from found group by found.type, found.id)
    select summary.total, summary.preceding, page.*
    from (select count(*)::int as total, coalesce(bool_or(${before}), false) as preceding from ranked as r) as summary
    left join lateral (
      select r.* from ranked as r where ${beyond} order by r.points desc, r.id desc limit ${count(form.size + 1)}
    ) as page on true`;
}

/** The same page with the records of its hits. */
export function foundStatement(sight: Sight, values: Sql, form: Form, record: (table: string, id: Sql) => Sql): Sql {
  const cases = form.types.map((type) => sql`when ${sql.lit(type)} then ${record(TABLES[type], sql`hits.id`)}`);
  const found = cases.length > 0 ? sql`case hits.type ${sql.join(cases, sql` `)} end` : sql`null`;
  return sql`
    select hits.*, ${found} as record from (${searchStatement(sight, values, form)}) as hits order by hits.points desc, hits.id desc`;
}

/** Each word as the triggers write it (null for one that is nothing but marks), the end of all words that begin with it, and the query for notes. */
function asked(values: Sql, { words }: Form): Sql {
  const each = words.map(
    (_, n) => sql`plain.w[${count(n + 1)}] as ${column('w', n)}, plain.w[${count(n + 1)}] || chr(1114111) as ${column('e', n)}, `,
  );
  const plain = words.map((_, n) => sql`(public.search_words_of(typed.t[${count(n + 1)}]))[1]`);
  return sql`
    select ${sql.join(each, sql``)} public.search_query(plain.typed) as query, plain.digits, plain.points, plain.id
    from (select array[${sql.join(plain)}]::text[] as w, typed.t as typed, typed.digits, typed.points, typed.id
          from (select v.g[1] as digits, v.g[2]::int as points, v.g[3]::uuid as id, v.g[4:] as t from (select ${values} as g) as v) as typed) as plain`;
}

function candidates(sight: Sight, form: Form): Sql[] {
  const named = form.types.filter((type) => type !== 'ACTIVITY');
  const hasWords = form.words.length > 0;
  const none = sql`select null::text as type, null::uuid as id, 0 as points, null::text[] as words where false`;
  return [
    none,
    ...(hasWords ? named.map((type) => namedRows(sight, type, form)) : []),
    ...(hasWords && form.types.includes('ACTIVITY') ? [noteRows(sight)] : []),
    ...(form.hasDigits ? named.filter((type) => type !== 'DEAL').map((type) => phoneRows(sight, type)) : []),
  ];
}

/** Records of a type in whose name, title, e-mail address or website every word begins one. */
function namedRows(sight: Sight, type: SearchType, form: Form): Sql {
  const best = form.words.map((_, n) => sql`(${bestWord(sight, form, n)})`);
  return sql`
    select ${type}::text as type, n.id, (1000 * best.points)::int as points, best.words
    from (
      select distinct seen.id from (
        select w.record_id as id from (${wordRows(sight, type, form)}) as w
        ${record(sight, TABLES[type], sql`w.record_id`)} limit ${count(MOST_HITS)}
      ) as seen
    ) as n
    cross join lateral (select avg(points) as points, array_agg(word) as words from (${sql.join(best, sql` union all `)}) as each) as best`;
}

/** The record of a candidate, if the caller sees it. Looked up one by one, in the order of the candidates, until there are enough. */
function record(sight: Sight, table: string, id: Sql): Sql {
  return sql`
    cross join lateral (
      select t.id from ${sight.rows(table, 't')} where t.org_id = ${sight.orgId}::uuid and t.id = ${id} and ${sight.seen(table, 't')} limit 1
    ) as visible`;
}

/** The longest word leads: the fewest records have it. The others are looked up in each record. */
function wordRows(sight: Sight, type: SearchType, form: Form): Sql {
  const { lead } = form;
  const others = form.words.flatMap((_, n) => (n === lead ? [] : [sql`and ${alsoHas(sight, type, form, n)}`]));
  const most = count(form.words[lead]?.isShort ? WORDS_READ.short : WORDS_READ.long);
  // The kind is the same for all; named in the order, the index gives the order away.
  const ordered = (condition: Sql): Sql => sql`
    select s.record_id from read.search_words as s where ${sight.mine('s')} and s.kind = ${type} and ${condition}
    order by s.kind, s.word, s.record_id desc limit ${most}`;
  const rows = (candidates: Sql): Sql =>
    sql`(select s.record_id from (${candidates}) as s where true ${sql.join(others, sql` `)})`;
  const exact = rows(ordered(begins(sql`s.word`, lead)));
  if (!isMisspelt(form, lead)) return exact;
  // Each word is a range of the index of its own: of several at once PostgreSQL may read all records and sort them.
  const each = sql`
    select one.record_id from unnest((select words from ${column('alike', lead)})::text[]) as a(word)
    cross join lateral (${ordered(sql`s.word = a.word`)}) as one limit ${most}`;
  return sql`${exact} union all ${rows(each)}`;
}

/** That a record has a word too. All that have a longer one are collected once ("is true" keeps it so); of a short one there are too many. */
function alsoHas(sight: Sight, type: SearchType, form: Form, n: number): Sql {
  if (form.words[n]?.isShort) return sql`exists (${wordOf(sight, form, n, sql`s.record_id`)} offset 0)`;
  const those = (condition: Sql): Sql =>
    sql`select o.record_id from read.search_words as o where ${sight.mine('o')} and o.kind = ${type} and ${condition}`;
  const similar = isMisspelt(form, n) ? sql`union all ${those(isAlike(sql`o.word`, n))}` : sql``;
  return sql`(s.record_id in (${those(begins(sql`o.word`, n))} ${similar})) is true`;
}

/** For a word asked for, its words in a record. */
function wordOf(sight: Sight, form: Form, n: number, recordId: Sql): Sql {
  const exact = begins(sql`o.word`, n);
  const matches = isMisspelt(form, n) ? sql`(${exact} or ${isAlike(sql`o.word`, n)})` : exact;
  return sql`select o.word, o.field from read.search_words as o where ${sight.mine('o')} and o.record_id = ${recordId} and ${matches}`;
}

/** The best of them: a whole word counts more than a beginning, a name more than an address. */
function bestWord(sight: Sight, form: Form, n: number): Sql {
  const typed = sql`(select ${column('w', n)} from asked)`;
  return sql`
    select o.word, (case o.field when 'EMAIL' then 0.9 when 'WEBSITE' then 0.8 else 1.0 end) *
      (case when o.word = ${typed} then 1.0 when ${begins(sql`o.word`, n)} then 0.5 + 0.4 * length(${typed}) / length(o.word)
            else 0.6 * similarity(o.word, ${typed})::numeric end) as points
    from (${wordOf(sight, form, n, sql`n.id`)}) as o order by points desc, o.word limit 1`;
}

function begins(word: Sql, n: number): Sql {
  return sql`(${word} >= (select ${column('w', n)} from asked) and ${word} < (select ${column('e', n)} from asked))`;
}

function isAlike(word: Sql, n: number): Sql {
  return sql`${word} = any ((select words from ${column('alike', n)})::text[])`;
}

/** Whether words that are spelt like the nth one are looked for. */
function isMisspelt(form: Form, n: number): boolean {
  return form.isAlike && form.words[n]?.canBeMisspelt === true;
}

/** The words that are spelt like the nth one, as a common table expression. */
function similarWords(sight: Sight, form: Form, n: number): Sql[] {
  if (!isMisspelt(form, n)) return [];
  const typed = sql`(select ${column('w', n)} from asked)`;
  return [
    sql`
    ${column('alike', n)} as materialized (
      select array(select t.word from read.search_terms as t where ${sight.mine('t')} and t.word % ${typed}
                   order by similarity(t.word, ${typed}) desc, t.word limit ${count(MOST_ALIKE)}) as words), `,
  ];
}

/**
 * The latest activities where many match, all of them where few do; a subject counts more than a description. How many match is tried with the very
 * latest first, because reading the others one by one costs more than the index does for a rare word.
 */
function noteRows(sight: Sight): Sql {
  const query = sql`(select query from asked)`;
  const isRare = sql`(select count(*) filter (where matches) <= ${count(RARE)} from probed)`;
  const areFew = sql`(${isRare} or (select count(*) from near) < ${count(ENOUGH_NOTES)})`;
  const latest = (size: number): Sql => sql`
    select s.activity_id, s.at, s.document from read.search_notes as s where ${sight.mine('s')}
    order by s.at desc, s.activity_id desc limit ${count(size)}`;
  return sql`
    select 'ACTIVITY' as type, a.id, case when a.in_subject then 600 else 400 end as points, null::text[] as words
    from (
      with probed as materialized (select document @@ ${query} as matches from (${latest(PROBED_NOTES)}) as l),
      latest as materialized (select * from (${latest(LATEST_NOTES)}) as l where not ${isRare}),
      near as materialized (select activity_id, at, document from latest where document @@ ${query}),
      far as materialized (
        select s.activity_id, s.at, s.document from read.search_notes as s
        where ${areFew} and ${sight.mine('s')} and s.document @@ ${query}
          and (${isRare} or (s.at, s.activity_id) < (select l.at, l.activity_id from latest as l order by l.at, l.activity_id limit 1))),
      either as materialized (
        select * from (select * from near union all select * from far) as both_of
        order by at desc, activity_id desc limit ${count(NOTES_READ)})
      select visible.id, ts_filter(e.document, '{a}') @@ ${query} as in_subject
      from either as e ${record(sight, 'activities', sql`e.activity_id`)} limit ${count(MOST_HITS)}
    ) as a`;
}

/** Records with these digits anywhere in their number. */
function phoneRows(sight: Sight, type: SearchType): Sql {
  const table = TABLES[type];
  return sql`
    select ${type}::text as type, p.id, 900 as points, null::text[] as words
    from (
      select t.id from ${sight.rows(table, 't')}
      where ${sight.seen(table, 't')} and t.phone_digits is not null
        and (coalesce(t.phone_e164, '') || ' ' || coalesce(t.phone_digits, '')) like '%' || (select digits from asked) || '%'
      limit ${count(MOST_HITS)}
    ) as p`;
}

function column(name: string, n: number): Sql {
  return sql.id(`${name}${n}`);
}

function count(n: number): Sql {
  return sql.raw(String(n));
}
