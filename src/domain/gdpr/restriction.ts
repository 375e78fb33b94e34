import { change, type WriteRequest } from '../../db/index.js';
import { checkCanManagePrivacy } from './rules.js';

/** Sets a person's data aside (Art. 18): it can be read, and nothing else. One that is restricted stays as it is. */
export function restrictProcessing(
  request: WriteRequest,
  id: string,
  expectedVersion: number | null | undefined,
  now: number,
): Promise<string> {
  return restrict(request, id, 'RESTRICT', expectedVersion, (since) => since ?? new Date(now).toISOString());
}

/** Ends it. One that is not restricted stays as it is. */
export function liftRestriction(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return restrict(request, id, 'LIFT_RESTRICTION', expectedVersion, () => null);
}

function restrict(
  request: WriteRequest,
  id: string,
  action: string,
  expectedVersion: number | null | undefined,
  since: (before: string | null) => string | null,
): Promise<string> {
  return change(request, id, async (writer) => {
    const check = (): void => checkCanManagePrivacy(writer.caller);
    const options = { action, expectedVersion, check, evenDeleted: true, evenRestricted: true };
    await writer.edit<{ restrictedAt: string | null }>('contacts', id, options, ({ restrictedAt }) => ({
      restrictedAt: since(restrictedAt),
    }));
  });
}
