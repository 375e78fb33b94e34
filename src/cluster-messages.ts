import type { Config } from './config.js';
import type { DatabaseUrls } from './db/setup/index.js';

/** What the first process tells the ones it has forked: what they will do, so that they load it; to do it; and to end. */
export type Order = Load | Begin | { kind: 'stop' };

export interface Load {
  kind: 'load';
  does: 'requests' | 'jobs';
  config: Config;
}

/** Comes when the database is ready, which may be long after the loading. */
export interface Begin {
  kind: 'begin';
  urls: DatabaseUrls;
  poolSize: number;
  /** Whether demo data is there to sign in to. */
  demo: boolean;
}

/**
 * What they tell: that they listen to orders (what was sent before is lost), that they do what they were told, or why they cannot. `url` is where
 * requests are answered.
 */
export type Report = { kind: 'listening' } | { kind: 'ready'; url: string | null } | { kind: 'failed'; reason: string };

/** Libraries send messages of their own through the same channel. */
export function isReport(message: unknown): message is Report {
  const { kind } = (message ?? {}) as { kind?: unknown };
  return kind === 'listening' || kind === 'ready' || kind === 'failed';
}

/** @see isReport */
export function isOrder(message: unknown): message is Order {
  const { kind } = (message ?? {}) as { kind?: unknown };
  return kind === 'load' || kind === 'begin' || kind === 'stop';
}
