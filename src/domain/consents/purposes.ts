import { v7 as uuidv7 } from 'uuid';
import { change, type WriteRequest, type Writer } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { AddConsentTextInput, CreateConsentPurposeInput, UpdateConsentPurposeInput } from '../../generated/graphql.js';
import { changesFrom, newId, trimmed, type FieldRules } from '../input.js';
import { deleteRecord, restoreRecord } from '../records.js';
import type { ConsentPurposeRow } from './graph.js';
import { checkCanWritePurposes } from './rules.js';

const MOST_PURPOSES = 100;
const MOST_TEXTS = 100;
const KEY = /^[a-z][a-zA-Z0-9_]{0,49}$/;
const CHANGEABLE: FieldRules = {
  name: { required: true, longest: 200, normal: trimmed },
  description: { longest: 2_000, normal: trimmed },
};
const TEXT: FieldRules = {
  label: { required: true, longest: 100, normal: trimmed },
  body: { required: true, longest: 20_000 },
};

/** Adds a purpose. Its key, its basis and what it shows never change: entries of the ledger stand on them. */
export async function createPurpose(request: WriteRequest, input: CreateConsentPurposeInput): Promise<string> {
  const id = newId(input);
  const { key } = input;
  if (!KEY.test(key))
    throw invalid(['input', 'key'], 'A key is a letter from a to z, then at most 49 letters, digits or _.', 'INVALID');
  const fixed = { key, lawfulBasis: input.lawfulBasis ?? 'CONSENT', isContacting: input.isContacting ?? true };
  const values = { ...changesFrom(input, CHANGEABLE), ...fixed };
  return change(request, id, async (writer) => {
    checkCanWritePurposes(writer.caller);
    await writer.alone('consent purposes');
    await checkRoom(writer, key);
    await writer.insert('consent_purposes', 'CREATE', { id, ...values }, Boolean(input.id));
  });
}

/** Changes what people see of it. */
export async function updatePurpose(
  request: WriteRequest,
  id: string,
  input: UpdateConsentPurposeInput,
  expectedVersion?: number | null,
): Promise<string> {
  const changes = changesFrom(input, CHANGEABLE);
  return change(request, id, async (writer) => {
    const check = (): void => checkCanWritePurposes(writer.caller);
    await writer.edit<ConsentPurposeRow>('consent_purposes', id, { action: 'UPDATE', expectedVersion, check }, () => changes);
  });
}

/** Nothing can be granted for it any more; what was granted stands, and can be withdrawn. */
export function deletePurpose(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return deleteRecord<ConsentPurposeRow>(request, 'consent_purposes', id, checkCanWritePurposes, expectedVersion);
}

/** Undoes a deletion. */
export function restorePurpose(request: WriteRequest, id: string, expectedVersion?: number | null): Promise<string> {
  return restoreRecord<ConsentPurposeRow>(request, 'consent_purposes', id, checkCanWritePurposes, expectedVersion);
}

/** Adds the next text of a purpose; texts are never changed, so that it stays known what people were shown. */
export async function addText(
  request: WriteRequest,
  id: string,
  input: AddConsentTextInput,
  expectedVersion?: number | null,
): Promise<string> {
  const textId = uuidv7();
  const values = changesFrom(input, TEXT) as { label: string; body: string };
  return change(request, id, async (writer) => {
    const check = (): void => checkCanWritePurposes(writer.caller);
    const { row } = await writer.edit<ConsentPurposeRow>(
      'consent_purposes',
      id,
      { action: 'UPDATE', expectedVersion, check },
      () => ({}),
    );
    const where = { ...writer.tenant, purposeId: row.id };
    const texts = await writer.reads.consentText.findMany({ where, select: { label: true } });
    if (texts.some(({ label }) => label === values.label))
      throw invalid(['input', 'label'], `There is a text ${values.label} already. Give this one a label of its own.`, 'TAKEN');
    if (texts.length >= MOST_TEXTS)
      throw invalid(['input', 'label'], `A purpose has at most ${MOST_TEXTS} texts. Make a new purpose.`, 'TOO_MANY');
    const text = { id: textId, purposeId: row.id, number: texts.length + 1, ...values };
    await writer.insert('consent_texts', 'CREATE', text, false);
  });
}

/** A key is one purpose for ever, deleted ones included. */
async function checkRoom(writer: Writer, key: string): Promise<void> {
  const purposes = await writer.reads.consentPurpose.findMany({
    where: { ...writer.tenant },
    select: { key: true, deletedAt: true },
  });
  if (purposes.some((purpose) => purpose.key === key))
    throw invalid(['input', 'key'], `There is or was a purpose with the key ${key}. Choose another key.`, 'TAKEN');
  if (purposes.filter(({ deletedAt }) => !deletedAt).length >= MOST_PURPOSES)
    throw invalid(['input', 'key'], `There are ${MOST_PURPOSES} purposes already. Delete one that nobody needs.`, 'TOO_MANY');
}
