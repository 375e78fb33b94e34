import { change, type WriteRequest } from '../../db/index.js';
import type { CreateCompanyInput, UpdateCompanyInput } from '../../generated/graphql.js';
import { withCustomFields } from '../custom-fields/custom-fields.js';
import { checkCanCreate } from '../permissions.js';
import { changesFrom, newId, REFERENCE, trimmed, type FieldRules } from '../input.js';
import { withPhoneForms } from '../reachability.js';
import { deleteRecord, restoreRecord } from '../records.js';
import type { CompanyRow } from './graph.js';
import { checkCanWriteCompany } from './rules.js';

const FIELDS: FieldRules = {
  name: { required: true, longest: 300 },
  industry: { longest: 200 },
  website: { longest: 2_000 },
  phone: { longest: 100, normal: trimmed },
  ownerId: REFERENCE,
};

/** Makes a company; it belongs to the caller unless the input says otherwise. */
export async function createCompany(request: WriteRequest, input: CreateCompanyInput): Promise<string> {
  const id = newId(input);
  const values = { ownerId: request.caller.userId, ...changesFrom(input, FIELDS) };
  return change(request, id, async (writer) => {
    checkCanCreate(writer.caller);
    const company = await withCustomFields(writer, 'COMPANY', input, await withPhoneForms(writer, values), null);
    await writer.insert('companies', 'CREATE', { id, ...company }, Boolean(input.id));
  });
}

/** Changes what the input names. */
export async function updateCompany(
  request: WriteRequest,
  id: string,
  input: UpdateCompanyInput,
  expectedVersion?: number | null,
): Promise<string> {
  const changes = changesFrom(input, FIELDS);
  return change(request, id, async (writer) => {
    const check = (company: CompanyRow): void => checkCanWriteCompany(writer.caller, company);
    await writer.edit<CompanyRow>('companies', id, { action: 'UPDATE', expectedVersion, check, isLast: true }, async (company) =>
      withCustomFields(writer, 'COMPANY', input, await withPhoneForms(writer, changes), company),
    );
  });
}

/** Deletes softly; contacts and deals keep their link, which reads null until the company is restored. */
export function deleteCompany(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return deleteRecord<CompanyRow>(request, 'companies', id, checkCanWriteCompany, expectedVersion);
}

/** Undoes a deletion. */
export function restoreCompany(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return restoreRecord<CompanyRow>(request, 'companies', id, checkCanWriteCompany, expectedVersion);
}
