import { createHash } from 'node:crypto';
import type { Dump } from '../../db/index.js';
import type { ZipEntry } from '../../lib/zip.js';
import { LEFT_OUT } from './left-out.js';

/** What an export's file says of itself, beside its files. */
export interface ExportHead {
  exportId: string;
  organizationId: string;
  exportedAt: string;
}

interface FileEntry {
  name: string;
  table: string;
  columns: string[];
  rows: number;
  bytes: number;
  sha256: string;
}

/** A file of JSON lines for each table, then the manifest with what they came to. @param advance is told of rows that were written. */
export function* filesOf(dump: Dump, head: ExportHead, advance: (rows: number) => void): Generator<ZipEntry> {
  yield textFile('README.txt', () => README);
  const written: FileEntry[] = [];
  for (const table of dump.tables) {
    const file = { name: `${table.name}.jsonl`, table: table.name, columns: table.columns };
    const lines = dump.rowsOf(table);
    yield { name: file.name, content: () => counted(lines, advance, (came) => void written.push({ ...file, ...came })) };
  }
  yield textFile('manifest.json', () => `${JSON.stringify(manifestOf(head, written), null, 2)}\n`);
}

async function* counted(
  pages: AsyncIterable<string[]>,
  advance: (rows: number) => void,
  done: (came: Pick<FileEntry, 'rows' | 'bytes' | 'sha256'>) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let [rows, bytes] = [0, 0];
  for await (const page of pages) {
    const text = Buffer.from(`${page.join('\n')}\n`);
    hash.update(text);
    rows += page.length;
    bytes += text.length;
    advance(page.length);
    yield text;
  }
  done({ rows, bytes, sha256: hash.digest('hex') });
}

function textFile(name: string, text: () => string): ZipEntry {
  return {
    name,
    content: async function* () {
      yield Buffer.from(text());
    },
  };
}

function manifestOf(head: ExportHead, files: FileEntry[]): object {
  const leftOut = Object.entries(LEFT_OUT).map(([what, reason]) => ({ what, reason }));
  return { format: 'pulse-organization-export', formatVersion: 1, ...head, files, leftOut };
}

const README = `All that an organization had in Pulse CRM, as it was at one moment.

manifest.json   names every file with its table, columns, rows, bytes and SHA-256, and what was left out: secrets, and what follows from the rest.
<table>.jsonl   a row of the table in each line, as JSON. Moments are in UTC; bytes are hexadecimal, after \\x.

The audit is a chain that can be checked without Pulse. Take audit_logs by seq. The hash of each fact is SHA-256 of prev_hash followed by the
UTF-8 text of the JSON array

  [1, org_id, id, seq, change_id, actor_kind, user_id, api_key_id, action, entity_type, entity_id, entity_version, changes, request_id,
   operation, created_at as YYYY-MM-DDTHH:MM:SS.mmmZ]

with a blank after each comma and colon, and the keys of changes by length, then by bytes. prev_hash is the hash of the fact before; of the first it
is SHA-256 of nothing. audit_heads says how many facts there are.

changes holds, by field, the commitment to a value: SHA-256 of its salt (audit_values) followed by the JSON array [field, before, after], without
blanks and with sorted keys. A value that is missing was erased: audit_erasures lists it under the seq of the fact that says so, and that fact's
changes hold under @erased the SHA-256 of the lines "audit_id field" of that seq, in order of id and field, joined by line feeds.
`;
