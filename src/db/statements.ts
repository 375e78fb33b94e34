import { createHash } from 'node:crypto';

/** What the server sends to PostgreSQL, counted; and the names under which repeated statements are prepared. */
export interface StatementLog {
  count(text: string): void;
  /** A name for a text seen before, so that connections prepare it once; undefined for one that is new or one too many. */
  nameOf(text: string): string | undefined;
}

/** Statements a connection keeps prepared at most; each costs PostgreSQL memory on every connection. */
const MOST_NAMES = 500;

/** @param observe is told of every statement (tests and metrics). */
export function statementLog(observe: (text: string) => void = () => undefined): StatementLog {
  const seen = new Set<string>();
  const names = new Map<string, string>();
  return {
    count: observe,
    nameOf(text) {
      const known = names.get(text);
      if (known) return known;
      if (!seen.has(text)) {
        if (seen.size >= MOST_NAMES * 4) seen.clear();
        seen.add(text);
        return undefined;
      }
      if (names.size >= MOST_NAMES) return undefined;
      const name = `p${createHash('sha256').update(text).digest('base64url').slice(0, 20)}`;
      names.set(text, name);
      return name;
    },
  };
}
