import { DAY, iso } from '../moments.js';
import { positionAt } from '../positions.js';
import { below, pick, unit } from './random.js';
import {
  companyOfContact,
  contactOfDeal,
  createdAtOf,
  factsOfActivity,
  idAt,
  idOf,
  ownerOf,
  serialOf,
  type Tenant,
} from './tenant.js';
import type { Words } from './words.js';

/** A row in the order of its columns; null as COPY's text format writes it. */
export type Line = (string | null)[];

export const COLUMNS = {
  companies: [
    'org_id',
    'id',
    'owner_id',
    'name',
    'industry',
    'website',
    'phone',
    'phone_e164',
    'phone_digits',
    'created_at',
    'updated_at',
  ],
  contacts: [
    'org_id',
    'id',
    'company_id',
    'owner_id',
    'first_name',
    'last_name',
    'email',
    'phone',
    'phone_e164',
    'phone_digits',
    'job_title',
    'status',
    'tags',
    'gdpr_consent',
    'gdpr_consent_at',
    'gdpr_consent_source',
    'gdpr_consent_text_version',
    'last_activity_at',
    'created_at',
    'updated_at',
  ],
  deals: [
    'org_id',
    'id',
    'pipeline_id',
    'stage_id',
    'contact_id',
    'company_id',
    'owner_id',
    'title',
    'value',
    'currency',
    'status',
    'expected_close_date',
    'position',
    'stage_entered_at',
    'closed_at',
    'won_reason',
    'lost_reason',
    'last_activity_at',
    'created_at',
    'updated_at',
  ],
  activities: [
    'org_id',
    'id',
    'user_id',
    'owner_id',
    'contact_id',
    'deal_id',
    'type',
    'subject',
    'description',
    'due_date',
    'is_completed',
    'completed_at',
    'created_at',
    'updated_at',
  ],
};

export function companyLine(tenant: Tenant, words: Words, index: number): Line {
  const serial = serialOf(tenant, 'companies', index);
  const created = createdAtOf(tenant, 'companies', index);
  const company = pick(words.companies, serial, 3);
  const made = iso(created);
  return [
    tenant.orgId,
    idAt(serial, created),
    ownerOf(tenant, serial),
    company.name,
    pick(words.industries, serial, 4),
    `https://www.${company.domain}`,
    ...phoneOf(serial),
    made,
    made,
  ];
}

export function contactLine(tenant: Tenant, words: Words, index: number, lastActivity: number): Line {
  const serial = serialOf(tenant, 'contacts', index);
  const created = createdAtOf(tenant, 'contacts', index);
  const company = companyOfContact(tenant, index);
  const firstName = pick(words.firstNames, serial, 3);
  const lastName = pick(words.lastNames, serial, 4);
  const { domain } = pick(words.companies, serialOf(tenant, 'companies', company), 3);
  const made = iso(created);
  const consent = unit(serial, 5) < 0.6 ? ['t', made, 'Website contact form', 'v2'] : ['f', null, null, null];
  return [
    tenant.orgId,
    idAt(serial, created),
    idOf(tenant, 'companies', company),
    ownerOf(tenant, serial),
    firstName,
    lastName,
    `${firstName}.${lastName}`.toLowerCase().replace(/[^a-z.]/g, '') + `@${domain}`,
    ...phoneOf(serial),
    pick(words.jobTitles, serial, 6),
    pick(CONTACT_STATUSES, serial, 7),
    tagsOf(words, serial),
    ...consent,
    lastActivity ? iso(lastActivity) : null,
    made,
    made,
  ];
}

export function dealLine(tenant: Tenant, words: Words, index: number, lastActivity: number): Line {
  const serial = serialOf(tenant, 'deals', index);
  const created = createdAtOf(tenant, 'deals', index);
  const contact = contactOfDeal(tenant, index);
  const company = companyOfContact(tenant, contact);
  const pipeline = pick(tenant.pipelines, serial, 3);
  const status = pick(DEAL_STATUSES, serial, 5);
  const moved = iso(created + unit(serial, 6) * (tenant.today - created) * 0.5);
  const closed = status === 'OPEN' ? null : iso(created + (0.5 + unit(serial, 7) * 0.5) * (tenant.today - created));
  const close = unit(serial, 8) < 0.1 ? null : iso(created + below(200, serial, 9) * DAY).slice(0, 10);
  return [
    tenant.orgId,
    idAt(serial, created),
    pipeline.id,
    pick(pipeline.stageIds, serial, 4),
    idOf(tenant, 'contacts', contact),
    idOf(tenant, 'companies', company),
    ownerOf(tenant, serial),
    `${pick(words.products, serial, 10)} – ${pick(words.companies, serialOf(tenant, 'companies', company), 3).name}`,
    unit(serial, 11) < 0.05 ? null : (500 + unit(serial, 12) ** 3 * 250_000).toFixed(2),
    pick(CURRENCIES, serial, 13),
    status,
    close,
    positionAt(index, tenant.counts.deals),
    moved,
    closed,
    status === 'WON' ? pick(WON_REASONS, serial, 14) : null,
    status === 'LOST' ? pick(LOST_REASONS, serial, 14) : null,
    lastActivity ? iso(lastActivity) : null,
    iso(created),
    closed ?? moved,
  ];
}

export function activityLine(tenant: Tenant, words: Words, index: number): Line {
  const { serial, createdAt, deal, contact } = factsOfActivity(tenant, index);
  const made = iso(createdAt);
  const due = isPlanned(serial) ? iso(createdAt + below(30 * DAY, serial, 7)) : null;
  const done = completionOf(tenant, { serial, createdAt });
  const completed = done === null ? null : iso(done);
  const owner = ownerOf(tenant, serial);
  return [
    tenant.orgId,
    idAt(serial, createdAt),
    owner,
    owner,
    contact === null ? null : idOf(tenant, 'contacts', contact),
    deal === null ? null : idOf(tenant, 'deals', deal),
    pick(ACTIVITY_TYPES, serial, 6),
    pick(words.subjects, serial, 10),
    pick(words.descriptions, serial, 11),
    due,
    completed ? 't' : 'f',
    completed,
    made,
    completed ?? made,
  ];
}

/** When an activity was done; null while it is to be done. */
export function completionOf(tenant: Tenant, { serial, createdAt }: { serial: number; createdAt: number }): number | null {
  if (isPlanned(serial) && unit(serial, 8) >= 0.75) return null;
  return createdAt + unit(serial, 9) * (tenant.today - createdAt) * 0.1;
}

/** Notes and e-mails are done when they are written. */
function isPlanned(serial: number): boolean {
  return !['NOTE', 'EMAIL'].includes(pick(ACTIVITY_TYPES, serial, 6));
}

/** Numbers of +1 xxx 555 01xx are reserved for fiction. */
function phoneOf(serial: number): string[] {
  const digits = `${200 + below(800, serial, 20)}55501${String(below(100, serial, 21)).padStart(2, '0')}`;
  return [`+1${digits}`, `+1${digits}`, digits];
}

function tagsOf(words: Words, serial: number): string {
  const start = below(words.tags.length, serial, 22);
  return `{${words.tags.slice(start, start + 1 + below(4, serial, 23)).join(',')}}`;
}

const CONTACT_STATUSES = ['LEAD', 'LEAD', 'LEAD', 'QUALIFIED', 'QUALIFIED', 'CUSTOMER', 'CUSTOMER', 'CUSTOMER', 'FORMER'];
const DEAL_STATUSES = ['OPEN', 'OPEN', 'OPEN', 'OPEN', 'OPEN', 'WON', 'WON', 'LOST', 'LOST', 'LOST'];
const ACTIVITY_TYPES = ['NOTE', 'CALL', 'TASK', 'MEETING', 'EMAIL'];
const CURRENCIES = ['EUR', 'EUR', 'EUR', 'USD', 'USD', 'GBP', 'CHF'];
export const WON_REASONS = ['Best price', 'Best fit', 'Recommended by a customer'];
export const LOST_REASONS = ['Price too high', 'Went with a competitor', 'No budget this year', 'Project postponed'];
