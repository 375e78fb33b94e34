import type { SignedInCaller } from '../../caller.js';
import { change, type WriteRequest } from '../../db/index.js';
import type { OrganizationRow } from './graph.js';
import { checkCanDeleteOrganization } from './rules.js';

/** Time to change one's mind. */
const GRACE_MS = 30 * 86_400_000;

/** Lets the organization be deleted in thirty days; when that is set already, it stays as it is. The password was asked for before. */
export function deleteOrganization(request: WriteRequest & { caller: SignedInCaller }, now: number): Promise<string> {
  return setDue(request, 'REQUEST_DELETION', (due) => due ?? new Date(now + GRACE_MS).toISOString());
}

/** Keeps the organization after all. */
export function cancelOrganizationDeletion(request: WriteRequest): Promise<string> {
  return setDue(request, 'CANCEL_DELETION', () => null);
}

function setDue(request: WriteRequest, action: string, dueOf: (due: string | null) => string | null): Promise<string> {
  const { orgId } = request.caller;
  return change(request, orgId, async (writer) => {
    const check = (): void => checkCanDeleteOrganization(writer.caller);
    await writer.edit<OrganizationRow>('organizations', orgId, { action, check }, ({ deletionDueAt }) => ({
      deletionDueAt: dueOf(deletionDueAt),
    }));
  });
}
