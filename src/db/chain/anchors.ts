import { open, readFile } from 'node:fs/promises';
import { signatures, type Signatures } from '../../lib/signatures.js';
import type { Client } from 'pg';

/** Where an organization's chain stood at some time, kept outside of the database. */
export interface Anchor {
  organizationId: string;
  /** Number and hash (hex) of the last fact. */
  seq: number;
  hash: string;
  /** When it was looked at: ISO 8601, UTC. */
  anchoredAt: string;
}

/** Signs anchors; the key follows from the server's secret. */
export function anchorSignatures(secret: string): Signatures<Anchor> {
  return signatures<Anchor>(secret, 'pulse audit anchors', 'pulse-audit-anchor');
}

/** Where all chains stand; an organization without facts has none. The connection is the owner's or the worker's. */
export async function headsNow(client: Pick<Client, 'query'>): Promise<Anchor[]> {
  const { rows } = await client.query<Anchor>(
    `SELECT org_id AS "organizationId", seq::int, encode(hash, 'hex') AS hash,
            to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "anchoredAt" FROM audit.heads()`,
  );
  return rows;
}

/** Adds anchors to the end of a file, one signed line each, and waits until they are on the disk. */
export async function appendAnchors(file: string, anchors: readonly Anchor[], sign: Signatures<Anchor>['sign']): Promise<void> {
  if (anchors.length === 0) return;
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.appendFile(anchors.map((anchor) => `${sign(anchor)}\n`).join(''));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * The anchors of a file, oldest first; none when there is no file.
 *
 * @throws Error naming the line that is not signed with this server's secret. A last line that was cut off while it was written says nothing.
 */
export async function readAnchors(file: string, verify: Signatures<Anchor>['verify']): Promise<Anchor[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new Error(`The anchors in ${file} cannot be read: ${error.message}.`, { cause: error });
  });
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, index) => {
    const anchor = verify(line);
    if (anchor) return anchor;
    throw new Error(
      `Line ${index + 1} of ${file} is no anchor signed with this SECRET_KEY: it was changed, or comes from elsewhere.`,
    );
  });
}

/** Those that say more than what is known already. */
export function newAnchors(heads: readonly Anchor[], known: readonly Anchor[]): Anchor[] {
  const last = new Map(known.map(({ organizationId, hash }) => [organizationId, hash]));
  return heads.filter(({ organizationId, hash }) => last.get(organizationId) !== hash);
}
