import type { Contact } from './contacts.js';
import type { Deal, Records } from './deals.js';
import { HOUR, iso } from './moments.js';
import type { ActivityType } from './phrases/language.js';
import { chance, newId, type Scene } from './scene.js';
import { meet, tellStory, type Happening } from './stories.js';
import { sellersOf } from './users.js';

export interface ActivityRow {
  org_id: string;
  id: string;
  user_id: string;
  owner_id: string;
  contact_id: string | null;
  deal_id: string | null;
  type: ActivityType;
  subject: string;
  description: string;
  due_date: string | null;
  is_completed: boolean;
  completed_at: string | null;
  deleted_at: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

/** The story of every deal, and as many talks with contacts outside deals as are missing to the count; the oldest first. */
export function makeActivities(scene: Scene, records: Records, deals: Deal[], count: number): ActivityRow[] {
  const { faker, language } = scene;
  const told = deals.flatMap((deal) =>
    tellStory(scene, deal).map((happening) => makeActivity(scene, records, happening, deal.contact, deal)),
  );
  if (told.length >= count)
    throw new Error(`The deals alone have ${told.length} activities; the demo data was to have ${count}.`);
  const met = Array.from({ length: count - told.length }, () => {
    const contact = faker.helpers.arrayElement(records.contacts);
    return makeActivity(scene, records, meet(scene, contact, language.contactPhrases), contact, null);
  });
  return [...told, ...met].sort((one, other) => Date.parse(one.created_at) - Date.parse(other.created_at));
}

function makeActivity(
  scene: Scene,
  records: Records,
  { phrase, at, due }: Happening,
  contact: Contact | null,
  deal: Deal | null,
): ActivityRow {
  const { faker, orgId } = scene;
  const sellers = sellersOf(records.users);
  const responsible = deal?.row.owner_id ?? contact?.row.owner_id ?? faker.helpers.arrayElement(sellers).id;
  const completedAt = due === null ? completionOf(scene, phrase.type, at) : null;
  return {
    org_id: orgId,
    id: newId(faker, at),
    user_id: chance(faker, 0.88) ? responsible : faker.helpers.arrayElement(sellers).id,
    owner_id: responsible,
    contact_id: contact?.row.id ?? null,
    deal_id: deal?.row.id ?? null,
    type: phrase.type,
    subject: fillIn(phrase.subject, contact, deal),
    description: fillIn(phrase.description, contact, deal),
    due_date: due === null ? dueOfDone(phrase.type, at) : iso(due),
    is_completed: completedAt !== null,
    completed_at: completedAt === null ? null : iso(completedAt),
    deleted_at: null,
    version: 1,
    created_at: iso(at),
    updated_at: iso(completedAt ?? at),
  };
}

/** Notes and e-mails are done when they are written; the rest is ticked off within hours. */
function completionOf({ faker, today }: Scene, type: ActivityType, at: number): number {
  if (type === 'NOTE' || type === 'EMAIL') return at;
  return Math.min(today, at + faker.number.int({ min: HOUR / 4, max: 5 * HOUR }));
}

/** Calls, tasks and meetings were planned for the hour in which they took place. */
function dueOfDone(type: ActivityType, at: number): string | null {
  if (type === 'NOTE' || type === 'EMAIL') return null;
  return iso(Math.ceil(at / (HOUR / 2)) * (HOUR / 2));
}

function fillIn(text: string, contact: Contact | null, deal: Deal | null): string {
  const values = {
    ...namesOf(contact),
    company: (deal?.company ?? contact?.company)?.row.name ?? '',
    product: deal?.product ?? '',
    reason: deal?.row.lost_reason ?? '',
  };
  return text.replace(/\{(\w+)\}/g, (token, key: string) => (values as Record<string, string>)[key] ?? token);
}

/** German calls people by their title, and bends it: “Herr Krause”, but “Gespräch mit Herrn Krause”. */
function namesOf(contact: Contact | null): Record<string, string> {
  if (!contact) return {};
  const { first_name: first, last_name: last } = contact.row;
  const [title, bent] = contact.gender === 'female' ? ['Frau', 'Frau'] : ['Herr', 'Herrn'];
  return { first, last, formal: `${title} ${last}`, toFormal: `${bent} ${last}` };
}
