import type { Client } from 'pg';
import { copyRows, type Source } from '../copy.js';
import { COLUMNS, activityLine, companyLine, completionOf, contactLine, dealLine } from './lines.js';
import { factsOfActivity, type Tenant } from './tenant.js';
import type { Words } from './words.js';

/** Loads a tenant's companies, contacts, deals and activities. */
export async function loadTenant(client: Client, tenant: Tenant, words: Words, advance: (rows: number) => void): Promise<void> {
  for (const source of sourcesOf(tenant, words)) await copyRows(client, source, advance);
}

function sourcesOf(tenant: Tenant, words: Words): Source[] {
  const { counts } = tenant;
  const latest = lastActivities(tenant);
  return [
    {
      table: 'companies',
      columns: COLUMNS.companies,
      count: counts.companies,
      line: (index) => companyLine(tenant, words, index),
    },
    {
      table: 'contacts',
      columns: COLUMNS.contacts,
      count: counts.contacts,
      line: (index) => contactLine(tenant, words, index, latest.ofContacts[index] ?? 0),
    },
    {
      table: 'deals',
      columns: COLUMNS.deals,
      count: counts.deals,
      line: (index) => dealLine(tenant, words, index, latest.ofDeals[index] ?? 0),
    },
    {
      table: 'activities',
      columns: COLUMNS.activities,
      count: counts.activities,
      line: (index) => activityLine(tenant, words, index),
    },
  ];
}

/** When the newest activity of each contact and deal was noted or done; 0 for none. Eight bytes a row, the only thing held in memory. */
function lastActivities(tenant: Tenant): { ofContacts: Float64Array; ofDeals: Float64Array } {
  const ofContacts = new Float64Array(tenant.counts.contacts);
  const ofDeals = new Float64Array(tenant.counts.deals);
  for (let index = 0; index < tenant.counts.activities; index += 1) {
    const facts = factsOfActivity(tenant, index);
    const { contact, deal } = facts;
    const happened = completionOf(tenant, facts) ?? facts.createdAt;
    if (contact !== null) ofContacts[contact] = Math.max(ofContacts[contact] ?? 0, happened);
    if (deal !== null) ofDeals[deal] = Math.max(ofDeals[deal] ?? 0, happened);
  }
  return { ofContacts, ofDeals };
}
