import { randomInt } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { change, enqueuer, type WriteRequest } from '../../db/index.js';
import type { RegisterInput } from '../../generated/graphql.js';
import { signInAgain, signInAs, type AuthDoor, type SignedIn, type Visit } from '../auth/auth.js';
import { changesFrom, type FieldRules } from '../input.js';
import { foundPipeline } from '../pipelines/pipelines.js';
import { lookUpLater } from './addresses.js';
import { badToken, emailTaken, PURPOSE, requestOf } from './links.js';
import { isOpen, REGISTRATION_MS } from './rules.js';

const FIELDS: FieldRules = {
  firstName: { longest: 200 },
  lastName: { longest: 200 },
  organizationName: { required: true, longest: 200 },
};

/** Remembers who wants to found what, and sends a link; whether the address has an account, only its mailbox is told. */
export async function register({ database, now }: AuthDoor, email: string, input: RegisterInput): Promise<void> {
  changesFrom(input, FIELDS);
  const { firstName, lastName, organizationName, timeZone, currency, locale } = input;
  const [orgId, id] = [uuidv7(), uuidv7()];
  const settings = { timeZone, currency, locale: locale ?? 'EN', visibility: 'ORGANIZATION' };
  const person = { email, firstName: firstName.trim(), lastName: lastName.trim(), organizationName: organizationName.trim() };
  const moments = { createdAt: new Date(now()), expiresAt: new Date(now() + REGISTRATION_MS) };
  await database.write(orgId, async (tx) => {
    const known = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null && value !== undefined));
    await tx.registration.create({ data: { orgId, id, ...person, settings: known, ...moments }, select: { id: true } });
    await lookUpLater(enqueuer(tx), 'register', id);
  });
}

/**
 * Founds the organization with its owner, its settings and its first pipeline, and signs the owner in. Repeated with the same
 * password it signs in again.
 *
 * @throws DomainError INVALID_INPUT.
 */
export async function confirmRegistration(
  door: AuthDoor,
  input: { token: string; password: string },
  visit: Visit,
): Promise<SignedIn> {
  const row = door.mailTokens.parse(PURPOSE.register, input.token);
  const find = ({ orgId, id }: { orgId: string; id: string }) =>
    door.database.write(orgId, (tx) => tx.registration.findFirst({ where: { orgId, id } }));
  const found = row && (await find(row));
  if (!found) throw badToken();
  const { orgId, email, password } = { ...found, password: input.password };
  const again = async (): Promise<SignedIn> => {
    const isInTime = door.now() < found.expiresAt.getTime();
    const session = isInTime ? await signInAgain(door, { email, orgId, password }, visit) : null;
    if (!session) throw badToken();
    return session;
  };
  if (found.confirmedAt) return again();
  // The same request may have been sent twice at once, and the other one been faster.
  const unlessDone = async (refusal: Error): Promise<SignedIn> => {
    if ((await find(found))?.confirmedAt) return again();
    throw refusal;
  };
  const isOver = (await door.database.newestRegistration(email)) !== found.id;
  if (!isOpen({ expiresAt: found.expiresAt.getTime(), isOver }, door.now())) return unlessDone(badToken());
  if (await door.database.isEmailTaken(email)) return unlessDone(emailTaken());
  const names = [email, found.firstName, found.lastName, found.organizationName];
  const passwordHash = await door.passwords.hashChosen(password, names, ['input', 'password']);
  const userId = await foundOrganization(door, { ...found, passwordHash }, visit);
  return userId ? signInAs(door, { orgId, userId }, visit) : again();
}

interface Founding {
  orgId: string;
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  organizationName: string;
  settings: unknown;
  passwordHash: string;
}

/** @returns the owner's id; null when somebody else has just used the link. */
async function foundOrganization(door: AuthDoor, founding: Founding, origin: WriteRequest['origin']): Promise<string | null> {
  const { orgId, id, email, firstName, lastName, organizationName, settings, passwordHash } = founding;
  const userId = uuidv7();
  let isUsed = false;
  await change(requestOf(door, { orgId, userId, role: 'OWNER' }, origin), orgId, async (writer) => {
    const data = { confirmedAt: new Date(door.now()), userId };
    const open = { ...writer.tenant, id, confirmedAt: null };
    isUsed = (await writer.beside.registration.updateMany({ where: open, data })).count === 0;
    if (isUsed) return;
    const organization = { id: orgId, name: organizationName, slug: slugFor(organizationName), settings };
    await writer.insert('organizations', 'FOUND', organization, false);
    const owner = { id: userId, email, firstName, lastName, role: 'OWNER', passwordHash };
    await writer.insert('users', 'JOIN', owner, false);
    await foundPipeline(writer, (settings as { locale?: string }).locale === 'DE' ? 'DE' : 'EN');
  });
  return isUsed ? null : userId;
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Always with something random behind it, so that it tells nothing about who else is here. */
function slugFor(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{Mark}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  const end = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return [plain.replace(/-+$/, ''), end].filter(Boolean).join('-');
}
