import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../../caller.js';
import { change, type Reader, type WriteRequest } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type { CreateApiKeyInput } from '../../generated/graphql.js';
import { checkIsSignedIn } from '../../caller.js';
import { changesFrom } from '../input.js';
import type { ApiKeyRow } from './graph.js';
import { makeKey } from './key-text.js';
import { canSeeAllKeys, checkCanGrant, checkCanRevokeKey } from './rules.js';

/** A key that was just made, with its text: seen now and never again. */
export interface NewKey {
  id: string;
  secret: string;
}

const MOST_KEYS = 50;
const LONGEST_LIFE_MS = 366 * 86_400_000;

/** Keys that were not revoked, last made first: the caller's, or everybody's by role. */
export async function listKeys(reader: Reader): Promise<ApiKeyRow[]> {
  const { caller } = reader;
  const [key, id] = canSeeAllKeys(caller) ? ['orgId', caller.orgId] : ['userId', caller.userId];
  const keys = (await reader.embedded('api_keys', key, id, 'createdAt')) as ApiKeyRow[];
  return keys.filter(({ revokedAt }) => revokedAt === null).reverse();
}

/** Makes a key that acts in the caller's name within its scopes. @throws DomainError INVALID_INPUT, FORBIDDEN. */
export async function createKey(request: WriteRequest, input: CreateApiKeyInput, now: number): Promise<NewKey> {
  const caller = checkIsSignedIn(request.caller);
  const { name } = changesFrom({ name: input.name }, { name: { required: true, longest: 200 } });
  const scopes = checkCanGrant(caller, input.scopes);
  const life = Date.parse(input.expiresAt) - now;
  if (life <= 0 || life > LONGEST_LIFE_MS)
    throw invalid(['input', 'expiresAt'], 'A key expires at a moment within the next 366 days.', 'OUT_OF_RANGE');
  const { text, hash, hint } = makeKey(caller.orgId);
  const id = uuidv7();
  await change(request, id, async (writer) => {
    await checkIsRoom(writer.reads, caller, now);
    const values = { id, userId: caller.userId, name, hint, scopes, expiresAt: input.expiresAt };
    await writer.insert('api_keys', 'CREATE', { ...values, secretHash: hash }, false);
  });
  return { id, secret: text };
}

/** Ends a key for good; felt everywhere within a second. One that is revoked already stays as it is. */
export async function revokeKey(request: WriteRequest, id: string, now: number): Promise<string> {
  return change(request, id, async (writer) => {
    const check = (key: ApiKeyRow): void => checkCanRevokeKey(writer.caller, key);
    await writer.edit<ApiKeyRow>('api_keys', id, { action: 'REVOKE', check }, (key) =>
      key.revokedAt ? {} : { revokedAt: new Date(now).toISOString() },
    );
  });
}

async function checkIsRoom(
  reads: Parameters<Parameters<typeof change>[2]>[0]['reads'],
  { orgId, userId }: Caller,
  now: number,
): Promise<void> {
  const where = { orgId, userId, revokedAt: null, expiresAt: { gt: new Date(now) } };
  if ((await reads.apiKey.count({ where })) >= MOST_KEYS)
    throw invalid(['input', 'name'], `You have ${MOST_KEYS} API keys. Revoke one that is not needed any more.`, 'TOO_MANY');
}
