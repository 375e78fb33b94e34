import { sql, type RawBuilder } from 'kysely';
import type { Place, Sight } from '../../db/index.js';
import type { SearchType } from '../../generated/graphql.js';
import type { Question } from './question.js';

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

export const TABLES: Record<SearchType, string> = {
  CONTACT: 'contacts',
  COMPANY: 'companies',
  DEAL: 'deals',
  ACTIVITY: 'activities',
};

/** Records of a type that take part in the ranking. */
const MOST_HITS = 100;
/** Beginnings of one or two letters have so many words that only the first in alphabetical order are looked at, a longer one has fewer. */
const WORDS_READ = { short: 5_000, long: 50_000 };
const SHORT = 2;
/** The latest activities, read one by one: words that many of them hold are found here. */
const LATEST_NOTES = 5_000;
/** When fewer of the latest hold the words, the index over all notes is asked; it answers rare words quickly. */
const ENOUGH_NOTES = 50;
const NOTES_READ = 5_000;
/** Words that are spelt alike, for each word asked for. */
const MOST_ALIKE = 8;

/**
 * A page of what matches, best first: candidates of each type from one index, at most MOST_HITS that the caller sees, ranked
 * together. Every candidate is joined to its record under `sight.seen`. What was typed is made plain once, in `asked`.
 *
 * @param alike also words that are spelt alike.
 */
export function searchStatement(sight: Sight, question: Question, alike: boolean, place: Place): Sql {
  const [points = null, id = null] = place.after ?? [];
  const beyond = place.after ? sql`(r.points, r.id) < (${points}::int, ${id}::uuid)` : sql`true`;
  const before = place.after ? sql`(r.points, r.id) >= (${points}::int, ${id}::uuid)` : sql`false`;
  return sql`
    with asked as materialized (${asked(question)}),
    ${
      alike
        ? sql.join(
            question.words.flatMap((word, n) => similarWords(sight, word, n)),
            sql``,
          )
        : sql``
    }
    found as (${sql.join(candidates(sight, question, alike), sql` union all `)}),
    ranked as materialized (
      select found.type, found.id, max(found.points) as points, max(found.words) as words from found group by found.type, found.id)
    select summary.total, summary.preceding, page.*
    from (select count(*)::int as total, coalesce(bool_or(${before}), false) as preceding from ranked as r) as summary
    left join lateral (
      select r.* from ranked as r where ${beyond} order by r.points desc, r.id desc limit ${count(place.size + 1)}
    ) as page on true`;
}

/** Each word as the triggers write it (null for one that is nothing but marks), the end of all words that begin with it, and the query for notes. */
function asked({ words }: Question): Sql {
  const each = words.map(
    (_, n) => sql`words.w[${count(n + 1)}] as ${column('w', n)}, words.w[${count(n + 1)}] || chr(1114111) as ${column('e', n)}, `,
  );
  const plain = words.map((word) => sql`(public.search_words_of(${word}))[1]`);
  return sql`
    select ${sql.join(each, sql``)} public.search_query(${words}::text[]) as query from (select array[${sql.join(plain)}]::text[] as w) as words`;
}

function candidates(sight: Sight, { words, digits, types }: Question, alike: boolean): Sql[] {
  const named = types.filter((type) => type !== 'ACTIVITY');
  const none = sql`select null::text as type, null::uuid as id, 0 as points, null::text[] as words where false`;
  return [
    none,
    ...(words.length > 0 ? named.map((type) => namedRows(sight, type, words, alike)) : []),
    ...(words.length > 0 && types.includes('ACTIVITY') ? [noteRows(sight)] : []),
    ...(digits ? named.filter((type) => type !== 'DEAL').map((type) => phoneRows(sight, type, digits)) : []),
  ];
}

/** Records of a type in whose name, title, e-mail address or website every word begins one. */
function namedRows(sight: Sight, type: SearchType, words: readonly string[], alike: boolean): Sql {
  const best = words.map((word, n) => sql`(${bestWord(sight, word, n, alike)})`);
  return sql`
    select ${type}::text as type, n.id, (1000 * best.points)::int as points, best.words
    from (
      select distinct seen.id from (
        select w.record_id as id from (${wordRows(sight, type, words, alike)}) as w
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
function wordRows(sight: Sight, type: SearchType, words: readonly string[], alike: boolean): Sql {
  const lead = words.reduce((longest, word, n) => (word.length > (words[longest]?.length ?? 0) ? n : longest), 0);
  const others = words.flatMap((word, n) => (n === lead ? [] : [sql`and ${alsoHas(sight, type, word, n, alike)}`]));
  const most = count((words[lead] ?? '').length > SHORT ? WORDS_READ.long : WORDS_READ.short);
  // The kind is the same for all; named in the order, the index gives the order away.
  const ordered = (condition: Sql): Sql => sql`
    select s.record_id from read.search_words as s where ${sight.mine('s')} and s.kind = ${type} and ${condition}
    order by s.kind, s.word, s.record_id desc limit ${most}`;
  const rows = (candidates: Sql): Sql =>
    sql`(select s.record_id from (${candidates}) as s where true ${sql.join(others, sql` `)})`;
  const exact = rows(ordered(begins(sql`s.word`, lead)));
  if (!alike || !canBeMisspelt(words[lead] ?? '')) return exact;
  // Each word is a range of the index of its own: of several at once PostgreSQL may read all records and sort them.
  const each = sql`
    select one.record_id from unnest((select words from ${column('alike', lead)})::text[]) as a(word)
    cross join lateral (${ordered(sql`s.word = a.word`)}) as one limit ${most}`;
  return sql`${exact} union all ${rows(each)}`;
}

/** That a record has a word too. All that have a longer one are collected once ("is true" keeps it so); of a short one there are too many. */
function alsoHas(sight: Sight, type: SearchType, word: string, n: number, alike: boolean): Sql {
  if (word.length <= SHORT) return sql`exists (${wordOf(sight, word, n, alike, sql`s.record_id`)} offset 0)`;
  const those = (condition: Sql): Sql =>
    sql`select o.record_id from read.search_words as o where ${sight.mine('o')} and o.kind = ${type} and ${condition}`;
  const similar = alike && canBeMisspelt(word) ? sql`union all ${those(isAlike(sql`o.word`, n))}` : sql``;
  return sql`(s.record_id in (${those(begins(sql`o.word`, n))} ${similar})) is true`;
}

/** For a word asked for, its words in a record. */
function wordOf(sight: Sight, word: string, n: number, alike: boolean, recordId: Sql): Sql {
  const exact = begins(sql`o.word`, n);
  const matches = alike && canBeMisspelt(word) ? sql`(${exact} or ${isAlike(sql`o.word`, n)})` : exact;
  return sql`select o.word, o.field from read.search_words as o where ${sight.mine('o')} and o.record_id = ${recordId} and ${matches}`;
}

/** The best of them: a whole word counts more than a beginning, a name more than an address. */
function bestWord(sight: Sight, word: string, n: number, alike: boolean): Sql {
  const typed = sql`(select ${column('w', n)} from asked)`;
  return sql`
    select o.word, (case o.field when 'EMAIL' then 0.9 when 'WEBSITE' then 0.8 else 1.0 end) *
      (case when o.word = ${typed} then 1.0 when ${begins(sql`o.word`, n)} then 0.5 + 0.4 * length(${typed}) / length(o.word)
            else 0.6 * similarity(o.word, ${typed})::numeric end) as points
    from (${wordOf(sight, word, n, alike, sql`n.id`)}) as o order by points desc, o.word limit 1`;
}

function begins(word: Sql, n: number): Sql {
  return sql`(${word} >= (select ${column('w', n)} from asked) and ${word} < (select ${column('e', n)} from asked))`;
}

function isAlike(word: Sql, n: number): Sql {
  return sql`${word} = any ((select words from ${column('alike', n)})::text[])`;
}

function canBeMisspelt(word: string): boolean {
  return word.length >= 4 && /\p{L}/u.test(word);
}

/** The words that are spelt like the nth one, as a common table expression. */
function similarWords(sight: Sight, word: string, n: number): Sql[] {
  if (!canBeMisspelt(word)) return [];
  const typed = sql`(select ${column('w', n)} from asked)`;
  return [
    sql`
    ${column('alike', n)} as materialized (
      select array(select t.word from read.search_terms as t where ${sight.mine('t')} and t.word % ${typed}
                   order by similarity(t.word, ${typed}) desc, t.word limit ${count(MOST_ALIKE)}) as words), `,
  ];
}

/** The latest activities where many match, all of them where few do; a subject counts more than a description. */
function noteRows(sight: Sight): Sql {
  const query = sql`(select query from asked)`;
  const few = sql`(select count(*) from near) < ${count(ENOUGH_NOTES)}`;
  return sql`
    select 'ACTIVITY' as type, a.id, case when a.in_subject then 600 else 400 end as points, null::text[] as words
    from (
      with latest as materialized (
        select s.activity_id, s.at, s.document from read.search_notes as s where ${sight.mine('s')}
        order by s.at desc, s.activity_id desc limit ${count(LATEST_NOTES)}),
      near as materialized (select activity_id, at, document from latest where document @@ ${query}),
      far as materialized (
        select s.activity_id, s.at, s.document from read.search_notes as s
        where ${few} and ${sight.mine('s')} and s.document @@ ${query}
          and (s.at, s.activity_id) < (select l.at, l.activity_id from latest as l order by l.at, l.activity_id limit 1)),
      either as materialized (
        select * from (select * from near union all select * from far) as both_of
        order by at desc, activity_id desc limit ${count(NOTES_READ)})
      select visible.id, ts_filter(e.document, '{a}') @@ ${query} as in_subject
      from either as e ${record(sight, 'activities', sql`e.activity_id`)} limit ${count(MOST_HITS)}
    ) as a`;
}

/** Records with these digits anywhere in their number. */
function phoneRows(sight: Sight, type: SearchType, digits: string): Sql {
  const table = TABLES[type];
  return sql`
    select ${type}::text as type, p.id, 900 as points, null::text[] as words
    from (
      select t.id from ${sight.rows(table, 't')}
      where ${sight.seen(table, 't')} and t.phone_digits is not null
        and (coalesce(t.phone_e164, '') || ' ' || coalesce(t.phone_digits, '')) like ${`%${digits}%`}
      limit ${count(MOST_HITS)}
    ) as p`;
}

function column(name: string, n: number): Sql {
  return sql.id(`${name}${n}`);
}

function count(n: number): Sql {
  return sql.raw(String(n));
}
