import { open } from 'node:fs/promises';
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
  const { text } = await textFrom(file, START);
  return anchorsIn(text, START, { file, verify });
}

/**
 * Reads the last anchor of each organization, again and again: each time only what was added since, by whatever process. A file that was
 * replaced or cut is read anew. What was read once is not looked at again: for that there is `npm run audit:verify`.
 *
 * @returns what `newAnchors` compares with. It throws as `readAnchors` does, each time until the line is mended.
 */
export function lastAnchors(file: string, verify: Signatures<Anchor>['verify']): () => Promise<Anchor[]> {
  const last = new Map<string, Anchor>();
  let place = START;
  return async () => {
    const { text, from, inode } = await textFrom(file, place);
    if (from.bytes === 0) last.clear();
    const fresh = anchorsIn(text, from, { file, verify });
    for (const anchor of fresh) last.set(anchor.organizationId, anchor);
    place = { inode, bytes: from.bytes + Buffer.byteLength(text), lines: from.lines + fresh.length };
    return [...last.values()];
  };
}

/** How far a file was read. */
interface Place {
  inode: number;
  bytes: number;
  lines: number;
}

const START: Place = { inode: 0, bytes: 0, lines: 0 };

/** Whole lines behind a place; all of them when the file is another one, or shorter. @returns where they begin (`from`), too. */
async function textFrom(file: string, place: Place): Promise<{ text: string; from: Place; inode: number }> {
  try {
    const handle = await open(file, 'r');
    try {
      const { ino: inode, size } = await handle.stat();
      const from = inode === place.inode && size >= place.bytes ? place : START;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from.bytes), 0, size - from.bytes, from.bytes);
      const read = buffer.subarray(0, bytesRead);
      return { text: read.subarray(0, read.lastIndexOf('\n') + 1).toString(), from, inode };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { text: '', from: START, inode: 0 };
    throw new Error(`The anchors in ${file} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

function anchorsIn(
  text: string,
  { lines: before }: Place,
  { file, verify }: { file: string; verify: Signatures<Anchor>['verify'] },
): Anchor[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      const anchor = verify(line);
      if (anchor) return anchor;
      throw new Error(
        `Line ${before + index + 1} of ${file} is no anchor signed with this SECRET_KEY: it was changed, or comes from elsewhere.`,
      );
    });
}

/** Those that say more than what is known already. */
export function newAnchors(heads: readonly Anchor[], known: readonly Anchor[]): Anchor[] {
  const last = new Map(known.map(({ organizationId, hash }) => [organizationId, hash]));
  return heads.filter(({ organizationId, hash }) => last.get(organizationId) !== hash);
}
