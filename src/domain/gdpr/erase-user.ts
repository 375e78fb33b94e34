import type { Writer } from '../../db/index.js';
import { mentionsOf } from '../../lib/mentions.js';
import {
  countsOf,
  eachOnce,
  eraseInvitations,
  toldAbout,
  type ErasedRows,
  type ErasedWho,
  type ToldValue,
} from './erased-rows.js';

/** Names are as they were told together; a single one can be anybody's. */
interface Known {
  names: string[];
  fullNames: string[];
  addresses: string[];
}

/** So many characters of an id tell the former colleagues of one organization apart. */
const LETTERS = 6;

/**
 * Erases a former colleague in one change: by ids alone, whoever carries it out. A pseudonym is left, under which records show whose they
 * were and facts who changed what. Everything is a statement a table, but for API keys and invitations.
 */
export async function eraseUserRows(
  writer: Writer,
  { recordId: userId, erasureId, reason, now }: ErasedWho,
): Promise<ErasedRows> {
  const { people } = writer;
  const known = await knownOf(writer, userId);
  const mentions = mentionsOf([...known.names, ...known.addresses]);
  const whole = mentionsOf([...known.fullNames, ...known.addresses], 'WHOLE');
  const also = { lastName: pseudonymOf(userId), isActive: false, erasedAt: now };
  const erased: Record<string, string[]> = { users: await people.erase('users', 'id', userId, also) };
  await voidLinks(writer, userId, now);
  for (const table of ['sessions', 'account_tokens', 'registrations'] as const) await people.forget(table, userId);
  erased['invitations'] = [
    ...(await people.erase('invitations', 'userId', userId)),
    ...(await eraseInvitations(writer, known.addresses, now)),
  ];
  erased['api_keys'] = await eraseKeys(writer, userId, now);
  // Of consents that they wrote down, where their request came from.
  erased['consents'] = await people.erase('consents', 'userId', userId, {}, 'TRACE');
  const masked = await people.eraseMentionsAround(userId, whole);
  const values = eachOnce([...(await valuesToErase(writer, userId, erased)), ...(await people.valuesToldAround(userId, whole))]);
  writer.eraseValues({
    subject: { type: 'Erasure', id: erasureId, version: 1 },
    reason: mentions.masked(reason),
    values,
    actors: [userId],
  });
  await people.rememberErased(known.addresses);
  await people.forgetRequests([userId, ...Object.values(erased).flat()]);
  await people.forgetRequestsOf(userId, known.addresses);
  return { counts: countsOf(erased, masked, values.length), mentions };
}

/** What a former colleague is called from then on. */
function pseudonymOf(userId: string): string {
  return `Former colleague ${userId.slice(-LETTERS)}`;
}

/** Now, as facts tell it, and where links of mails went. */
async function knownOf(writer: Writer, userId: string): Promise<Known> {
  const { reads, beside, tenant } = writer;
  const user = await reads.user.findFirst({
    where: { ...tenant, id: userId },
    select: { firstName: true, lastName: true, email: true },
  });
  const of = await toldAbout(writer, { type: 'User', id: userId, now: user, fields: ['firstName', 'lastName', 'email'] });
  const links = await beside.accountToken.findMany({
    where: { ...tenant, userId },
    select: { email: true, previousEmail: true },
  });
  const joined = await reads.invitation.findMany({ where: { ...tenant, userId }, select: { email: true } });
  const mailed = [...links.flatMap(({ email, previousEmail }) => [email, previousEmail]), ...joined.map(({ email }) => email)];
  const [first, last] = [of('firstName'), of('lastName')];
  return {
    names: [...first, ...last],
    fullNames: first.flatMap((given) =>
      last.flatMap((family) => [`${given} ${family}`, `${family} ${given}`, `${family}, ${given}`]),
    ),
    addresses: [...new Set([...of('email'), ...mailed.filter((email) => email !== null)])],
  };
}

/** Links of mails that could still be used. */
async function voidLinks({ beside, tenant }: Writer, userId: string, now: string): Promise<void> {
  await beside.accountToken.updateMany({ where: { ...tenant, userId, usedAt: null, voidedAt: null }, data: { voidedAt: now } });
}

/** Their names say what they are for, in the colleague's words; those that were not revoked are. */
async function eraseKeys({ reads, people, tenant }: Writer, userId: string, now: string): Promise<string[]> {
  const keys = await reads.apiKey.findMany({
    where: { ...tenant, userId },
    select: { id: true, revokedAt: true },
    orderBy: { id: 'asc' },
  });
  for (const { id, revokedAt } of keys) await people.erase('api_keys', 'id', id, revokedAt ? {} : { revokedAt: now });
  return keys.map(({ id }) => id);
}

async function valuesToErase({ people }: Writer, userId: string, erased: Record<string, string[]>): Promise<ToldValue[]> {
  const told = await Promise.all([
    people.valuesTold('users', 'id', [userId]),
    people.valuesTold('invitations', 'id', erased['invitations'] ?? []),
    people.valuesTold('api_keys', 'id', erased['api_keys'] ?? []),
    people.valuesTold('consents', 'id', erased['consents'] ?? [], { kind: 'TRACE' }),
  ]);
  return told.flat();
}
