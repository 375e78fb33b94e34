import { change, type Reader, type WriteRequest } from '../../db/index.js';
import { invalid, unauthenticated } from '../../errors.js';
import type { UpdateOrganizationInput } from '../../generated/graphql.js';
import { changesFrom, type FieldRules } from '../input.js';
import type { OrganizationRow } from './graph.js';
import { checkCanWriteOrganization } from './rules.js';

export { homeCountry, settingsIn, settingsOf } from './settings.js';

const FIELDS: FieldRules = { name: { required: true, longest: 200 }, settings: { required: true } };
const REASONS = { required: true, most: 100, longest: 500 } as const;
const SETTINGS: FieldRules = {
  country: { fault: (text) => (/^[A-Z]{2}$/.test(text) ? null : 'A country is two capital letters, for example DE.') },
  timeZone: { required: true },
  currency: { required: true },
  locale: { required: true },
  visibility: { required: true },
  wonReasons: REASONS,
  lostReasons: REASONS,
};

/** The caller's organization. @throws DomainError UNAUTHENTICATED when it is gone though the token still is valid. */
export async function getOrganization(reader: Reader): Promise<OrganizationRow> {
  const organization = await reader.find('organizations', reader.caller.orgId);
  if (!organization) throw unauthenticated('This organization no longer exists. Sign in to another one.');
  return organization as OrganizationRow;
}

/** Changes what the input names; settings it leaves out stay. */
export async function updateOrganization(
  request: WriteRequest,
  input: UpdateOrganizationInput,
  expectedVersion?: number | null,
): Promise<string> {
  const changes = changesFrom(input, FIELDS);
  const settings = changesFrom(input.settings ?? {}, SETTINGS, ['input', 'settings']);
  if (settings['visibility'] === 'TEAM') {
    throw invalid(['input', 'settings', 'visibility'], 'TEAM is reserved. Choose ORGANIZATION or OWNER.', 'NOT_SUPPORTED');
  }
  const { orgId } = request.caller;
  return change(request, orgId, async (writer) => {
    const check = (): void => checkCanWriteOrganization(writer.caller);
    await writer.edit<OrganizationRow>('organizations', orgId, { action: 'UPDATE', expectedVersion, check }, (organization) => ({
      ...changes,
      settings: { ...(organization.settings as object), ...settings },
    }));
  });
}
