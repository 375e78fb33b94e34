import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/**
 * A backup is a folder: `manifest.json`, and for each table `<table>.copy.gz`, the gzipped text of PostgreSQL's
 * `COPY … TO STDOUT` in the manifest's order of columns. The folder is there under its name only when it is complete.
 */
const manifestSchema = z.object({
  format: z.literal('pulse-backup'),
  formatVersion: z.number().int().positive(),
  createdAt: z.iso.datetime(),
  /** Version of the server that was read. */
  postgres: z.string(),
  /** Tells whether the SECRET_KEY of a restore is the one the passwords in here were hashed with. */
  secretKeyCheck: z.string(),
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })).min(1),
  tables: z.array(
    z.object({
      name: z.string().min(1),
      columns: z.array(z.string().min(1)).min(1),
      rows: z.number().int().nonnegative(),
      /** Of the text before compression. */
      sha256: z.string().length(64),
    }),
  ),
  sequences: z.array(z.object({ name: z.string().min(1), lastValue: z.string().regex(/^-?\d+$/), isCalled: z.boolean() })),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type TableEntry = Manifest['tables'][number];

export const FORMAT_VERSION = 1;

/** Where a table's rows are in a backup. */
export function tableFile(folder: string, table: string): string {
  return path.join(folder, `${encodeURIComponent(table)}.copy.gz`);
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(manifestFile(folder), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
}

/** @throws Error with a sentence when the folder holds no backup, a damaged one, or one of a later format. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(manifestFile(folder), 'utf8').catch((cause: unknown) => {
    throw new Error(`${folder} is no backup: there is no readable manifest.json in it.`, { cause });
  });
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success)
    throw new Error(`The backup ${folder} is damaged: its manifest.json does not say what it must. Use another one.`);
  if (parsed.data.formatVersion > FORMAT_VERSION) {
    throw new Error(`The backup ${folder} was made by a newer version of Pulse. Restore it with that version or a newer one.`);
  }
  return parsed.data;
}

/** A mark of the secret that gives nothing of it away. */
export function secretKeyCheck(secret: string): string {
  return createHmac('sha256', secret).update('backup').digest('hex').slice(0, 16);
}

function manifestFile(folder: string): string {
  return path.join(folder, 'manifest.json');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
