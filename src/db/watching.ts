import type { Pool, PoolClient } from 'pg';
import { DomainError } from '../errors.js';
import { lru } from '../lib/lru.js';
import type { Span, Watch } from '../watch.js';
import type { Snapshot } from './snapshot.js';
import { sqlState } from './sql-state.js';

/** A snapshot that counts its statements. */
export function watched(snapshot: Snapshot, watch: Watch | undefined): Snapshot {
  if (!watch) return snapshot;
  return {
    ...snapshot,
    query: <Answer>(statement: Parameters<Snapshot['query']>[0]) => {
      watch.statements += 1;
      const answer = snapshot.query<Answer>(statement);
      if (watch.span) trace(watch.span, statement.text, answer);
      return answer;
    },
  };
}

/** For whom a connection works, and what its statements are spans of. */
export interface Watched {
  watch: Watch;
  span: Span | null;
}

/**
 * Tells a watch of a connection's statements, from now on.
 *
 * @returns what ends that. It leaves alone who has begun to watch since: the pool gives a connection to the next transaction before
 * the last one's caller hears that it is over.
 */
export type WatchClient = (client: PoolClient, by: Watched) => () => void;

/** Makes a pool's connections count their statements for whom they work; Prisma, which sends them, tells nobody for whom. */
export function watchStatements(pool: Pool): WatchClient {
  const watches = new WeakMap<PoolClient, Watched>();
  pool.on('connect', (client) => {
    const send = client.query.bind(client) as (...sent: unknown[]) => unknown;
    const counted = (...sent: unknown[]): unknown => {
      const by = watches.get(client);
      const answer = send(...sent);
      if (!by) return answer;
      by.watch.statements += 1;
      if (by.span && answer instanceof Promise) trace(by.span, textOf(sent[0]), answer);
      return answer;
    };
    client.query = counted as PoolClient['query'];
  });
  return (client, by) => {
    watches.set(client, by);
    return () => {
      if (watches.get(client) === by) watches.delete(client);
    };
  };
}

/** What a span says of a failure: a code, never a message. */
export function codeOf(error: unknown): string {
  return error instanceof DomainError ? error.code : sqlState(error) || 'INTERNAL';
}

function trace(parent: Span, text: string, answer: Promise<unknown>): void {
  const { operation, table } = nameOf(text);
  const summary = `${operation} ${table}`.trim();
  const about = { 'db.system.name': 'postgresql', 'db.operation.name': operation, 'db.query.summary': summary };
  const span = parent.begin(summary, 'client', table ? { ...about, 'db.collection.name': table } : about);
  answer.then(
    () => span.end(),
    (error: unknown) => span.end(codeOf(error)),
  );
}

function textOf(query: unknown): string {
  return typeof query === 'string' ? query : String((query as { text?: string } | null)?.text ?? '');
}

interface StatementName {
  operation: string;
  table: string;
}

const names = lru<StatementName>(1_000);

/** What a statement does to which table first. Its text is not told: it may have literals in it. */
function nameOf(text: string): StatementName {
  const known = names.get(text);
  if (known) return known;
  const [, operation = ''] = /^\s*(\w+)/.exec(text) ?? [];
  const [, table = ''] = /\b(?:from|into|update)\s+(?:"?\w+"?\.)?"?(\w+)"?/i.exec(text) ?? [];
  const name = { operation: operation.toUpperCase(), table };
  names.set(text, name);
  return name;
}
