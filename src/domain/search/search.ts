import { createHash } from 'node:crypto';
import {
  aheadOf,
  placeOf,
  type Ahead,
  type AnyRow,
  type HitsAhead,
  type KeptAnswer,
  type PageInfo,
  type Place,
  type Reader,
} from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { QuerySearchArgs, SearchType } from '../../generated/graphql.js';
import { matchOf, type Match } from './fields.js';
import { foundStatement, given, TABLES, type FoundRow } from './queries.js';
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

type RecordOf = KeptAnswer<FoundRow>['recordOf'];

const LONGEST = 200;
const ALL: readonly SearchType[] = ['CONTACT', 'COMPANY', 'DEAL', 'ACTIVITY'];
const NAMES = { CONTACT: 'Contact', COMPANY: 'Company', DEAL: 'Deal', ACTIVITY: 'Activity' } as const;
/** With fewer hits than these, words that are spelt alike are looked for too. */
const FEW = 5;

/**
 * What the caller sees that matches, best first.
 *
 * @param ahead what is read of the hits.
 * @throws DomainError INVALID_INPUT for a text that is too long, and as every page.
 */
export async function search(reader: Reader, { query, types, first, after }: QuerySearchArgs, ahead: HitsAhead): Promise<Hits> {
  if (query.length > LONGEST)
    throw invalid(['query'], `At most ${LONGEST} characters, please; there are ${query.length}.`, 'TOO_LONG');
  const question = questionOf(
    query,
    ALL.filter((type) => !types || types.includes(type)),
  );
  const bound = boundTo(reader, question);
  const place = placeOf({ first: first ?? null, after: after ?? null }, bound, reader.seal);
  const { rows, recordOf } = await bestRows(reader, question, place, ahead);
  const found = rows.filter((row) => row.type !== null);
  const hits = found.slice(0, place.size).map((row) => hitOf(reader, row, recordOf, question, bound));
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

async function bestRows(reader: Reader, question: Question, place: Place, ahead: HitsAhead): Promise<KeptAnswer<FoundRow>> {
  if (question.words.length === 0 && !question.digits) return { rows: [], recordOf: () => null };
  const ask = (isAlike: boolean): Promise<KeptAnswer<FoundRow>> => {
    const form = formOf(question, isAlike, place);
    return reader.askKept({
      name: form.name,
      values: given(question, place),
      records: readOf(question, ahead),
      isAll: ahead.isAll,
      write: (sight, values, record) => foundStatement(sight, values, form, record),
    });
  };
  const best = await ask(false);
  return (best.rows[0]?.total ?? 0) >= FEW ? best : ask(true);
}

/** What is read of the records of each table: of those whose match is shown all texts, and with them everything. */
function readOf({ types }: Question, { records, asksFor }: HitsAhead): Map<string, Ahead> {
  const isMatchShown = asksFor('matchedField') || asksFor('snippet');
  return new Map(
    types.map((type) => {
      const { fields = null, relations = [] } = records.get(TABLES[type]) ?? {};
      return [TABLES[type], aheadOf(isMatchShown ? null : fields, relations)];
    }),
  );
}

function hitOf(reader: Reader, row: FoundRow, recordOf: RecordOf, question: Question, bound: string): Hit {
  const type = row.type as SearchType;
  const record = recordOf(TABLES[type], row.record);
  // Joined to its record under the same conditions a moment before.
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
