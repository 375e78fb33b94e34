import type { AnyRow } from '../../db/index.js';
import type { SearchField, SearchType } from '../../generated/graphql.js';
import { fullName } from '../../lib/names.js';
import { hasMatch, matcher, snippetOf, type Snippet } from './snippet.js';
import type { HitRow } from './queries.js';
import type { Question } from './question.js';

/** Which text of a record was matched, and where. */
export interface Match {
  matchedField: SearchField;
  snippet: Snippet;
}

type Texts = [SearchField, unknown][];

/** What is searched of a record, the most telling text first. */
const TEXTS: Record<SearchType, (row: AnyRow) => Texts> = {
  CONTACT: (row) => [
    ['NAME', fullName(String(row['firstName']), String(row['lastName']))],
    ['EMAIL', row['email']],
    ['PHONE', row['phone']],
  ],
  COMPANY: (row) => [
    ['NAME', row['name']],
    ['WEBSITE', row['website']],
    ['PHONE', row['phone']],
  ],
  DEAL: (row) => [['TITLE', row['title']]],
  ACTIVITY: (row) => [
    ['SUBJECT', row['subject']],
    ['DESCRIPTION', row['description']],
  ],
};

/** The text in which most of the words stand; the row is the caller's to see, so its texts are too. */
export function matchOf(type: SearchType, row: AnyRow, hit: HitRow, question: Question): Match {
  const { words, digits } = question;
  const texts = TEXTS[type](row).filter((entry): entry is [SearchField, string] => Boolean(entry[1]));
  const dialled = digits && !hit.words ? texts.find(([field]) => field === 'PHONE') : undefined;
  if (dialled) return { matchedField: 'PHONE', snippet: snippetOf(dialled[1], () => true) };
  const byStem = type === 'ACTIVITY';
  const counted = texts.map(([field, text]) => {
    const matched = words.filter((word, index) =>
      hasMatch(text, matcher([word], hit.words?.slice(index, index + 1) ?? [], byStem)),
    );
    return { field, text, count: matched.length };
  });
  const [first = { field: 'NAME' as const, text: '', count: 0 }] = counted;
  const best = counted.reduce((most, each) => (each.count > most.count ? each : most), first);
  return { matchedField: best.field, snippet: snippetOf(best.text, matcher(words, hit.words ?? [], byStem)) };
}
