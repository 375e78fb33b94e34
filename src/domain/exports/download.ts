import type { Database } from '../../db/index.js';
import { isUuid } from '../../lib/uuid.js';
import type { SignedNames } from '../../lib/signed-names.js';

/** A file on its way. */
export interface Download {
  filename: string;
  size: number;
  /** Read piece by piece, as they are taken. */
  bytes: AsyncIterable<Uint8Array>;
}

/** The file that a signed name leads to; null when it does not, is over, or did not come along with a backup. */
export async function openOrganizationFile(
  database: Pick<Database, 'write'>,
  { names, now }: { names: SignedNames; now: () => number },
  name: string,
): Promise<Download | null> {
  const [orgId = '', id = ''] = names.open(name) ?? [];
  if (!isUuid(orgId) || !isUuid(id)) return null;
  const found = await database.write(orgId, async (tx) => {
    const where = { orgId, id, state: 'READY', expiresAt: { gt: new Date(now()) } } as const;
    const file = await tx.organizationExport.findFirst({ where, select: { parts: true, size: true, finishedAt: true } });
    const kept = await tx.organizationExportPart.count({ where: { orgId, exportId: id, number: { lte: file?.parts ?? 0 } } });
    return file && file.parts === kept ? file : null;
  });
  if (!found) return null;
  const day = (found.finishedAt ?? new Date(now())).toISOString().slice(0, 10);
  const bytes = piecesOf(database, { orgId, id, parts: found.parts });
  return { filename: `pulse-organization-${day}-${id}.zip`, size: Number(found.size), bytes };
}

async function* piecesOf(
  database: Pick<Database, 'write'>,
  { orgId, id, parts }: { orgId: string; id: string; parts: number },
): AsyncGenerator<Uint8Array> {
  for (let number = 1; number <= parts; number += 1) {
    const where = { orgId, exportId: id, number };
    const piece = await database.write(orgId, (tx) => tx.organizationExportPart.findFirst({ where, select: { bytes: true } }));
    if (!piece) throw new Error('The export has expired meanwhile.');
    yield piece.bytes;
  }
}
