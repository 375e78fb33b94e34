import type { Company } from './companies.js';
import { DAY, HOUR, iso, workTime } from './moments.js';
import type { Gendered } from './phrases/language.js';
import { asciiOf, chance, newId, phoneColumns, phoneNumber, unique, weighted, type Scene } from './scene.js';
import { sellersOf, type UserRow } from './users.js';

export type ContactStatus = 'LEAD' | 'QUALIFIED' | 'CUSTOMER' | 'FORMER';

export interface ContactRow {
  org_id: string;
  id: string;
  company_id: string | null;
  owner_id: string | null;
  first_name: string;
  last_name: string;
  email: string;
  phone: string | null;
  phone_e164: string | null;
  phone_digits: string | null;
  job_title: string | null;
  status: ContactStatus;
  tags: string[];
  gdpr_consent: boolean;
  gdpr_consent_at: string | null;
  gdpr_consent_source: string | null;
  gdpr_consent_text_version: string | null;
  last_activity_at: string | null;
  deleted_at: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface Contact {
  row: ContactRow;
  createdAt: number;
  gender: keyof Gendered<unknown>;
  company: Company | null;
}

/** People: every company has at least one, some have many, a few belong to none. */
export function makeContacts(scene: Scene, users: UserRow[], companies: Company[], count: number): Contact[] {
  const contacts = Array.from({ length: count }, (_, index) => {
    const company = pickCompany(scene, companies, index);
    return makeContact(scene, users, company, arrivalOf(scene, company, index < companies.length));
  });
  return contacts.sort((one, other) => one.createdAt - other.createdAt);
}

/** Contacts of customers are customers; who buys is known only when the deals are. */
export function rateContacts(scene: Scene, contacts: Contact[]): void {
  for (const { row, company } of contacts) row.status = pickStatus(scene, company);
}

function pickCompany({ faker }: Scene, companies: Company[], index: number): Company | null {
  if (index < companies.length) return companies[index] ?? null;
  return chance(faker, 0.03) ? null : faker.helpers.arrayElement(companies);
}

/** The first contact comes with the company; later ones the rarer, the longer it is known. */
function arrivalOf({ faker, today }: Scene, company: Company | null, isFirst: boolean): number {
  const from = company?.createdAt ?? today - 400 * DAY;
  if (isFirst) return from + faker.number.int({ min: 60_000, max: HOUR });
  const around = from + Math.floor(faker.number.float() ** 1.4 * (today - DAY - from));
  return workTime(faker, around, Math.min(around + 4 * DAY, today - HOUR));
}

function makeContact(scene: Scene, users: UserRow[], company: Company | null, createdAt: number): Contact {
  const { faker } = scene;
  const gender = faker.helpers.arrayElement(['female', 'male'] as const);
  const row: ContactRow = {
    org_id: scene.orgId,
    id: newId(faker, createdAt),
    company_id: company?.row.id ?? null,
    owner_id: pickOwner(scene, users, company),
    ...makePerson(scene, gender, company),
    status: 'LEAD',
    tags: faker.helpers.arrayElements(scene.language.tags, { min: 1, max: 4 }),
    ...makeConsent(scene, createdAt),
    last_activity_at: null,
    deleted_at: null,
    version: 1,
    created_at: iso(createdAt),
    updated_at: iso(createdAt),
  };
  return { row, createdAt, gender, company };
}

function pickOwner({ faker }: Scene, users: UserRow[], company: Company | null): string | null {
  if (company?.row.owner_id && chance(faker, 0.8)) return company.row.owner_id;
  return chance(faker, 0.85) ? faker.helpers.arrayElement(sellersOf(users)).id : null;
}

function makePerson(scene: Scene, gender: Contact['gender'], company: Company | null) {
  const { faker, language } = scene;
  const { helpers } = faker;
  // faker's names bring variety, the tables bring the names one really meets.
  const firstName = chance(faker, 0.92) ? helpers.arrayElement(language.firstNames[gender]) : faker.person.firstName(gender);
  const lastName = helpers.arrayElement(language.lastNames);
  const address = `${asciiOf(firstName)}.${asciiOf(lastName)}`;
  const { mobiles, phones } = company?.market ?? helpers.arrayElement(language.markets);
  return {
    first_name: firstName,
    last_name: lastName,
    email: unique(scene, (attempt) => `${address}${attempt ? attempt + 1 : ''}@${company?.domain ?? 'mail.example'}`),
    ...phoneColumns(chance(faker, 0.85) ? phoneNumber(scene, [...mobiles, ...phones]) : null),
    job_title: company || chance(faker, 0.4) ? helpers.arrayElement(language.jobTitles)[gender] : null,
  };
}

function pickStatus({ faker }: Scene, company: Company | null): ContactStatus {
  if (company?.isCustomer)
    return weighted(faker, [
      ['CUSTOMER', 75],
      ['QUALIFIED', 13],
      ['FORMER', 12],
    ]);
  return weighted(faker, [
    ['LEAD', 60],
    ['QUALIFIED', 35],
    ['FORMER', 5],
  ]);
}

/** Consent never comes without its evidence: when, where, and to which text. */
function makeConsent({ faker, language, today }: Scene, createdAt: number) {
  if (!chance(faker, 0.6))
    return { gdpr_consent: false, gdpr_consent_at: null, gdpr_consent_source: null, gdpr_consent_text_version: null };
  const given = workTime(faker, createdAt, Math.min(createdAt + 30 * DAY, today));
  return {
    gdpr_consent: true,
    gdpr_consent_at: iso(given),
    gdpr_consent_source: faker.helpers.arrayElement(language.consentSources),
    gdpr_consent_text_version: `v${given > today - 200 * DAY ? 3 : 2}`,
  };
}
