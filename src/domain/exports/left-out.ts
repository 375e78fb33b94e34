/** Why something is no part of what an organization takes along. */
type Reason = 'SECRET' | 'DERIVED';

/**
 * What an export of an organization leaves out, a table or a column of it. Everything else of every table that has rows of the
 * organization is in it, also of those that are new. test/exports.test.ts wants whatever is called like a secret to be here.
 */
export const LEFT_OUT: Readonly<Record<string, Reason>> = {
  'users.password_hash': 'SECRET',
  'api_keys.secret_hash': 'SECRET',
  'refresh_tokens.token_hash': 'SECRET',
  'refresh_tokens.sealed_successor': 'SECRET',
  // Keyed with the server's secret: of no use to anybody else, but to try addresses against should that get out.
  'erased_people.hash': 'SECRET',
  // Files that are made of the other tables, and what search finds them by.
  'subject_exports.json': 'DERIVED',
  'subject_exports.html': 'DERIVED',
  search_notes: 'DERIVED',
  search_terms: 'DERIVED',
  search_words: 'DERIVED',
};

/** @see LEFT_OUT */
export function isLeftOut(table: string, column?: string): boolean {
  return (column === undefined ? table : `${table}.${column}`) in LEFT_OUT;
}
