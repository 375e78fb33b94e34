import { uuidV7 } from '../ids.js';
import { DAY } from '../moments.js';
import { bits, pick, unit } from './random.js';
import type { Counts } from './sizes.js';

/** Everything from which any row of a tenant can be computed. */
export interface Tenant {
  slug: string;
  number: number;
  orgId: string;
  userIds: string[];
  pipelines: { id: string; stageIds: string[] }[];
  counts: Counts;
  /** Serial number of the first row of each table: unique over all rows of the set. */
  first: Counts;
  /** Midnight of the day of seeding. */
  today: number;
}

export type Kind = keyof Counts;

const SPAN = 730 * DAY;

export function serialOf(tenant: Tenant, kind: Kind, index: number): number {
  return tenant.first[kind] + index;
}

/** Rows are made in the order of time, spread over two years to the millisecond. */
export function createdAtOf(tenant: Tenant, kind: Kind, index: number): number {
  const share = (index + unit(serialOf(tenant, kind, index), 0)) / tenant.counts[kind];
  return Math.floor(tenant.today - SPAN + share * SPAN);
}

export function idOf(tenant: Tenant, kind: Kind, index: number): string {
  return idAt(serialOf(tenant, kind, index), createdAtOf(tenant, kind, index));
}

/** Unique, because its last 32 bits are one-to-one with the serial. */
export function idAt(serial: number, createdAt: number): string {
  return uuidV7(createdAt, bits(serial, 101) >>> 20, bits(serial, 102) >>> 2, bits(serial, 103));
}

/** Salespeople only: the viewer is last, and owns nothing. */
export function ownerOf(tenant: Tenant, serial: number): string {
  return pick(tenant.userIds.slice(0, -1), serial, 1);
}

/** Which company a contact belongs to. */
export function companyOfContact(tenant: Tenant, contact: number): number {
  return Math.floor(unit(serialOf(tenant, 'contacts', contact), 2) * tenant.counts.companies);
}

/** Which contact a deal is with: a few have many. */
export function contactOfDeal(tenant: Tenant, deal: number): number {
  return Math.floor(unit(serialOf(tenant, 'deals', deal), 2) ** 1.5 * tenant.counts.contacts);
}

export interface ActivityFacts {
  serial: number;
  createdAt: number;
  deal: number | null;
  contact: number | null;
}

/** What an activity is about: nine of ten a deal (hot ones up to a hundred times), the rest a contact alone. */
export function factsOfActivity(tenant: Tenant, index: number): ActivityFacts {
  const serial = serialOf(tenant, 'activities', index);
  const { counts, today } = tenant;
  if (unit(serial, 2) >= 0.9) {
    return {
      serial,
      createdAt: createdAtOf(tenant, 'activities', index),
      deal: null,
      contact: Math.floor(unit(serial, 3) * counts.contacts),
    };
  }
  // Multiplying by a prime spreads the hot deals over all ages.
  const deal = (Math.floor(unit(serial, 3) ** 1.5 * counts.deals) * 15_485_863) % counts.deals;
  const since = createdAtOf(tenant, 'deals', deal);
  const createdAt = Math.floor(since + unit(serial, 4) * (today - since));
  return { serial, createdAt, deal, contact: unit(serial, 5) < 0.6 ? contactOfDeal(tenant, deal) : null };
}
