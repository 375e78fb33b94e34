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
const MOST_HITS = 200;
/** Words that begin as asked, looked at in alphabetical order, so that a search costs the same in a large organization. */
const MOST_WORDS_READ = 5_000;
/** The latest activities, read one by one: a word that many of them hold is found here. */
const LATEST_NOTES = 5_000;
/** When fewer of the latest hold the words, the index over all notes is asked; it answers rare words quickly. */
const ENOUGH_NOTES = 100;
/** Words that are spelt alike, for each word asked for. */
const MOST_ALIKE = 8;

/**
 * A page of what matches, best first: candidates of each type from one index, at most MOST_HITS that the caller sees, ranked
 * together. Every candidate is joined to its record under `sight.seen`.
 *
 * @param alike also words that are spelt alike.
 */
export function searchStatement(sight: Sight, question: Question, alike: boolean, place: Place): Sql {
  const [points = null, id = null] = place.after ?? [];
  const beyond = place.after ? sql`(r.points, r.id) < (${points}::int, ${id}::uuid)` : sql`true`;
  const before = place.after ? sql`(r.points, r.id) >= (${points}::int, ${id}::uuid)` : sql`false`;
  return sql`
    with ${sql.join(similarWords(sight, question, alike))}
    found as (${sql.join(candidates(sight, question, alike), sql` union all `)}),
    ranked as materialized (
      select found.type, found.id, max(found.points) as points, max(found.words) as words from found group by found.type, found.id)
    select summary.total, summary.preceding, page.*
    from (select count(*)::int as total, coalesce(bool_or(${before}), false) as preceding from ranked as r) as summary
    left join lateral (
      select r.* from ranked as r where ${beyond} order by r.points desc, r.id desc limit ${sql.raw(String(place.size + 1))}
    ) as page on true`;
}

function candidates(sight: Sight, question: Question, alike: boolean): Sql[] {
  const { words, digits, types } = question;
  const named = types.filter((type) => type !== 'ACTIVITY');
  const none = sql`select null::text as type, null::uuid as id, 0 as points, null::text[] as words where false`;
  return [
    none,
    ...(words.length > 0 ? named.map((type) => namedRows(sight, type, words, alike)) : []),
    ...(words.length > 0 && types.includes('ACTIVITY') ? [noteRows(sight, words)] : []),
    ...(digits ? named.filter((type) => type !== 'DEAL').map((type) => phoneRows(sight, type, digits)) : []),
  ];
}

/** As the triggers write words; null for one that is nothing but marks. */
function stored(word: string): Sql {
  return sql`(public.search_words_of(${word}))[1]`;
}

function begins(column: Sql, word: string): Sql {
  return sql`(${column} >= ${stored(word)} and ${column} < ${stored(word)} || chr(1114111))`;
}

function canBeMisspelt(word: string): boolean {
  return word.length >= 4 && /\p{L}/u.test(word);
}

function similarName(index: number): Sql {
  return sql.id(`alike_${index}`);
}

/** A list of words for each word asked for, as common table expressions. */
function similarWords(sight: Sight, { words }: Question, alike: boolean): Sql[] {
  if (!alike) return [sql``];
  const lists = words.map((word, index) =>
    canBeMisspelt(word)
      ? sql`${similarName(index)} as materialized (
          select array(select t.word from read.search_terms as t where ${sight.mine('t')} and t.word % ${stored(word)}
                       order by similarity(t.word, ${stored(word)}) desc, t.word limit ${sql.raw(String(MOST_ALIKE))}) as words), `
      : sql``,
  );
  return [sql.join(lists, sql``)];
}

/** Records of a type in whose name, title, e-mail address or website every word begins one. */
function namedRows(sight: Sight, type: SearchType, words: readonly string[], alike: boolean): Sql {
  const table = TABLES[type];
  return sql`
    select ${type}::text as type, n.id, (1000 * best.points)::int as points, best.words
    from (
      select distinct w.record_id as id from (${wordRows(sight, type, words, alike)}) as w
      join ${sight.rows(table, 't')} on t.org_id = ${sight.orgId}::uuid and t.id = w.record_id
      where ${sight.seen(table, 't')} limit ${sql.raw(String(MOST_HITS))}
    ) as n
    cross join lateral (${bestWords(sight, words, alike)}) as best`;
}

/** The longest word leads: the fewest records have it. The others are looked up in each record. */
function wordRows(sight: Sight, type: SearchType, words: readonly string[], alike: boolean): Sql {
  const lead = words.reduce((longest, word, index) => (word.length > (words[longest]?.length ?? 0) ? index : longest), 0);
  const others = words.flatMap((word, index) =>
    index === lead
      ? []
      : [
          sql`exists (select from read.search_words as o where ${sight.mine('o')} and o.record_id = s.record_id
                      and ${matches(sql`o.word`, word, index, alike)})`,
        ],
  );
  const rows = (condition: Sql): Sql => sql`
    (select s.record_id, s.word from read.search_words as s
     where ${sight.mine('s')} and s.kind = ${type} and ${sql.join([condition, ...others], sql` and `)}
     order by s.word, s.record_id desc limit ${sql.raw(String(MOST_WORDS_READ))})`;
  const word = words[lead] ?? '';
  const exact = rows(begins(sql`s.word`, word));
  if (!alike || !canBeMisspelt(word)) return exact;
  return sql`${exact} union all ${rows(sql`s.word = any ((select words from ${similarName(lead)})::text[])`)}`;
}

function matches(column: Sql, word: string, index: number, alike: boolean): Sql {
  const exact = begins(column, word);
  if (!alike || !canBeMisspelt(word)) return exact;
  return sql`(${exact} or ${column} = any ((select words from ${similarName(index)})::text[]))`;
}

/** How well a record's words match: for each word asked for its best one; a whole word counts more than a beginning, a name more than an address. */
function bestWords(sight: Sight, words: readonly string[], alike: boolean): Sql {
  const each = words.map(
    (word, index) => sql`
      (select o.word, ${pointsOf(word, alike)} as points from read.search_words as o
       where ${sight.mine('o')} and o.record_id = n.id and ${matches(sql`o.word`, word, index, alike)} order by points desc, o.word limit 1)`,
  );
  return sql`select avg(points) as points, array_agg(word) as words from (${sql.join(each, sql` union all `)}) as each`;
}

function pointsOf(word: string, alike: boolean): Sql {
  const asked = stored(word);
  return sql`
    (case o.field when 'EMAIL' then 0.9 when 'WEBSITE' then 0.8 else 1.0 end)
    * (case when o.word = ${asked} then 1.0 when ${begins(sql`o.word`, word)} then 0.5 + 0.4 * length(${asked}) / length(o.word)
            else ${alike ? sql`0.6 * similarity(o.word, ${asked})::numeric` : sql`0`} end)`;
}

/** The latest activities first where many match, all of them where few do; a subject counts more than a description. */
function noteRows(sight: Sight, words: readonly string[]): Sql {
  const query = sql`public.search_query(${words}::text[])`;
  return sql`
    select 'ACTIVITY' as type, a.id, case when a.in_subject then 600 else 400 end as points, null::text[] as words
    from (
      with latest as materialized (
        select s.activity_id, s.at, s.document from read.search_notes as s where ${sight.mine('s')}
        order by s.at desc, s.activity_id desc limit ${sql.raw(String(LATEST_NOTES))}),
      near as materialized (select activity_id, at, document from latest where document @@ ${query}),
      far as materialized (
        select s.activity_id, s.at, s.document from read.search_notes as s
        where (select count(*) from near) < ${sql.raw(String(ENOUGH_NOTES))} and ${sight.mine('s')} and s.document @@ ${query}
          and (s.at, s.activity_id) < (select l.at, l.activity_id from latest as l order by l.at, l.activity_id limit 1)),
      either as materialized (
        select * from (select * from near union all select * from far) as both_of
        order by at desc, activity_id desc limit ${sql.raw(String(MOST_WORDS_READ))})
      select t.id, ts_filter(e.document, '{a}') @@ ${query} as in_subject
      from either as e join ${sight.rows('activities', 't')} on t.org_id = ${sight.orgId}::uuid and t.id = e.activity_id
      where ${sight.seen('activities', 't')} order by e.at desc, e.activity_id desc limit ${sql.raw(String(MOST_HITS))}
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
      limit ${sql.raw(String(MOST_HITS))}
    ) as p`;
}
