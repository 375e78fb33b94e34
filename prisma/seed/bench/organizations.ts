import type { Client } from 'pg';
import { insertRows } from '../insert.js';
import { DAY, iso } from '../moments.js';
import { english } from '../phrases/en.js';
import { LOST_REASONS, WON_REASONS } from './lines.js';
import { bits } from './random.js';
import type { Counts } from './sizes.js';
import { idAt, type Tenant } from './tenant.js';

const ROLES = ['OWNER', 'ADMIN', 'MANAGER', 'MEMBER', 'VIEWER'];

/** Serials of the few rows that are not counted; above those of the largest set. */
const FIRST_SERIAL = 0x8000_0000;

/** The tenants of a set, one for each share; no row of theirs is written yet. */
export function planTenants(shares: Counts[], today: number): Tenant[] {
  let serial = FIRST_SERIAL;
  let next = 0;
  const createdAt = today - 740 * DAY;
  const newId = () => idAt((serial += 1), createdAt);
  const reserve = (count: number) => (next += count) - count;
  return shares.map((counts, index) => ({
    number: index + 1,
    slug: `bench-${String(index + 1).padStart(3, '0')}`,
    orgId: newId(),
    userIds: ROLES.map(newId),
    pipelines: english.pipelines.map(({ stages }) => ({ id: newId(), stageIds: stages.map(newId) })),
    counts,
    first: {
      companies: reserve(counts.companies),
      contacts: reserve(counts.contacts),
      deals: reserve(counts.deals),
      activities: reserve(counts.activities),
    },
    today,
  }));
}

/** Writes organizations, their five logins each, and their pipelines. */
export async function insertTenants(client: Client, tenants: Tenant[], passwordHash: string): Promise<void> {
  await insertRows(client, 'organizations', tenants.map(organizationRow));
  await insertRows(
    client,
    'users',
    tenants.flatMap((tenant) => userRows(tenant, passwordHash)),
  );
  await insertRows(client, 'pipelines', tenants.flatMap(pipelineRows));
}

function organizationRow({ orgId, slug, number, today }: Tenant): object {
  return {
    id: orgId,
    slug,
    name: `Benchmark ${number}`,
    settings: { wonReasons: WON_REASONS, lostReasons: LOST_REASONS },
    subscription_plan: 'BUSINESS',
    ...madeAt(today),
  };
}

function userRows({ orgId, slug, userIds, today }: Tenant, passwordHash: string): object[] {
  return ROLES.map((role, index) => ({
    org_id: orgId,
    id: userIds[index],
    email: `${role.toLowerCase()}@${slug}.example`,
    password_hash: passwordHash,
    first_name: english.firstNames.female[bits(index, 1) % english.firstNames.female.length],
    last_name: english.lastNames[bits(index, 2) % english.lastNames.length],
    role,
    ...madeAt(today),
  }));
}

function pipelineRows({ orgId, pipelines, today }: Tenant): object[] {
  return pipelines.map(({ id, stageIds }, index) => ({
    org_id: orgId,
    id,
    name: english.pipelines[index]?.name,
    is_default: index === 0,
    stages: english.pipelines[index]?.stages.map((stage, place) => ({ id: stageIds[place], ...stage })),
    ...madeAt(today),
  }));
}

function madeAt(today: number): { created_at: string; updated_at: string } {
  const moment = iso(today - 740 * DAY);
  return { created_at: moment, updated_at: moment };
}
