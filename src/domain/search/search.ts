import { createHash } from 'node:crypto';
import { placeOf, type AnyRow, type PageInfo, type Place, type Reader } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { QuerySearchArgs, SearchType } from '../../generated/graphql.js';
import { matchOf, type Match } from './fields.js';
import { given, searchStatement, TABLES, type HitRow } from './queries.js';
import { formOf, questionOf, type Question } from './question.js';

/** SDL type SearchHit; what is functions is made only for those who ask for it. */
export interface Hit {
  cursor: () => string;
  matchedField: () => Match['matchedField'];
  snippet: () => Match['snippet'];
  node: AnyRow & { __typename: 'Contact' | 'Company' | 'Deal' | 'Activity' };
  score: number;
}

/** SDL type SearchConnection. */
export interface Hits {
  edges: Hit[];
  nodes: Hit['node'][];
  pageInfo: PageInfo;
}

const LONGEST = 200;
const ALL: readonly SearchType[] = ['CONTACT', 'COMPANY', 'DEAL', 'ACTIVITY'];
const NAMES = { CONTACT: 'Contact', COMPANY: 'Company', DEAL: 'Deal', ACTIVITY: 'Activity' } as const;
/** With fewer hits than these, words that are spelt alike are looked for too. */
const FEW = 5;

/**
 * What the caller sees that matches, best first.
 *
 * @throws DomainError INVALID_INPUT for a text that is too long, and as every page.
 */
export async function search(reader: Reader, { query, types, first, after }: QuerySearchArgs): Promise<Hits> {
  if (query.length > LONGEST)
    throw invalid(['query'], `At most ${LONGEST} characters, please; there are ${query.length}.`, 'TOO_LONG');
  const question = questionOf(
    query,
    ALL.filter((type) => !types || types.includes(type)),
  );
  const bound = boundTo(reader, question);
  const place = placeOf({ first: first ?? null, after: after ?? null }, bound, reader.seal);
  const rows = await bestRows(reader, question, place);
  const found = rows.filter((row) => row.type !== null);
  const hits = await Promise.all(found.slice(0, place.size).map((row) => hitOf(reader, row, question, bound)));
  return {
    edges: hits,
    nodes: hits.map(({ node }) => node),
    pageInfo: {
      hasNextPage: found.length > place.size,
      hasPreviousPage: rows[0]?.preceding ?? false,
      startCursor: () => hits[0]?.cursor() ?? null,
      endCursor: () => hits.at(-1)?.cursor() ?? null,
    },
  };
}

async function bestRows(reader: Reader, question: Question, place: Place): Promise<HitRow[]> {
  if (question.words.length === 0 && !question.digits) return [];
  const ask = (isAlike: boolean): Promise<HitRow[]> => {
    const form = formOf(question, isAlike, place);
    return reader.askKept(form.name, given(question, place), (sight, values) => searchStatement(sight, values, form));
  };
  const rows = await ask(false);
  return (rows[0]?.total ?? 0) >= FEW ? rows : ask(true);
}

async function hitOf(reader: Reader, row: HitRow, question: Question, bound: string): Promise<Hit> {
  const type = row.type as SearchType;
  const record = await reader.find(TABLES[type], row.id);
  // The same snapshot and the same scope: what the statement shows the reader shows too.
  if (!record) throw new Error(`Search found a ${NAMES[type]} that its caller does not see.`);
  let matched: Match | undefined;
  const match = (): Match => (matched ??= matchOf(type, record, row, question));
  return {
    cursor: () => reader.seal.seal([String(row.points), row.id], bound),
    node: { ...record, __typename: NAMES[type] },
    score: row.points / 1000,
    matchedField: () => match().matchedField,
    snippet: () => match().snippet,
  };
}

function boundTo(reader: Reader, { words, digits, types }: Question): string {
  const asked = createHash('sha256')
    .update(JSON.stringify([words, digits, types]))
    .digest('base64url')
    .slice(0, 22);
  return [reader.caller.orgId, 'search', asked].join('|');
}
