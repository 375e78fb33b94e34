import { v7 as uuidv7 } from 'uuid';
import { change, type Reader, type WriteRequest } from '../../db/index.js';
import { signedNames, type SignedNames } from '../../lib/signed-names.js';
import type { OrganizationExportRow } from './graph.js';
import { checkCanExportOrganization } from './rules.js';

/** How long a file is kept. */
export const KEPT_MS = 7 * 86_400_000;
/** How long a link leads to it: it can be asked for anew. */
const LINK_MS = 3_600_000;

/** The names of files behind `/exports/organizations/`. */
export function organizationFileNames(secret: string, now: () => number): SignedNames {
  return signedNames(secret, 'pulse organization exports', now);
}

/** Has the organization exported by a job; while one is being made it is that one. The password was asked for before. @returns its id. */
export async function exportOrganization(request: WriteRequest, now: number): Promise<string> {
  const { orgId, userId } = request.caller;
  let id = uuidv7();
  await change(request, id, async (writer) => {
    checkCanExportOrganization(writer.caller);
    await writer.alone('exportOrganization');
    const where = { ...writer.tenant, orgId, state: { in: ['PENDING', 'RUNNING'] as ('PENDING' | 'RUNNING')[] } };
    const running = await writer.reads.organizationExport.findFirst({ where, select: { id: true } });
    if (running) return void (id = running.id);
    const values = { requestedById: userId, expiresAt: new Date(now + KEPT_MS).toISOString() };
    await writer.insert('organization_exports', 'EXPORT', { id, ...values }, false);
    await writer.enqueue({ task: 'organizationExport', payload: { id }, key: id });
  });
  return id;
}

/** An export that has not expired; null otherwise. @throws DomainError FORBIDDEN. */
export async function findExport(reader: Reader, id: string, now: number): Promise<OrganizationExportRow | null> {
  checkCanExportOrganization(reader.caller);
  const found = (await reader.find('organization_exports', id)) as OrganizationExportRow | null;
  return found && Date.parse(found.expiresAt) > now ? found : null;
}

/** Where the file of an export is fetched for some time; null before it is ready. */
export function pathOf(
  { state, id, expiresAt }: OrganizationExportRow,
  orgId: string,
  { names, now }: { names: SignedNames; now: number },
): string | null {
  if (state !== 'READY') return null;
  return `/exports/organizations/${names.sign([orgId, id], Math.min(now + LINK_MS, Date.parse(expiresAt)))}`;
}
