import { sql } from 'kysely';
import type { Family } from '../graph.js';
import { all, not, type Sql } from './sql.js';

/** Operand of the filter `consent` (SDL input ConsentStatusFilter). */
interface Demand {
  purpose: string;
  status: 'GRANTED' | 'WITHDRAWN' | 'NONE';
}

/**
 * Contacts by what the last entry of their ledger says on a purpose. Read from the ledger itself, so that nothing can lag behind: entries of the
 * kind are found by their index, and count when no later one follows.
 */
export const consentFamily: Family = {
  filter: (operand, { alias, path, compare }) => {
    const { purpose, status } = operand as Demand;
    const isPurpose = compare({ kind: 'text', value: sql`p.key` }, { eq: purpose }, [...path, 'purpose']);
    const known = sql`exists (select from read.consent_purposes as p where p.org_id = ${sql.ref(`${alias}.org_id`)} and ${isPurpose})`;
    if (status === 'NONE') return all([known, not(entryOf(alias, isPurpose, sql`true`))]);
    return entryOf(alias, isPurpose, all([sql`c.kind = ${sql.lit(status)}`, not(LATER)]));
  },
};

const LATER = sql`exists (
  select from read.consents as later
  where later.org_id = c.org_id and later.contact_id = c.contact_id and later.purpose_id = c.purpose_id and later.entry > c.entry)`;

function entryOf(alias: string, isPurpose: Sql, condition: Sql): Sql {
  const same = sql`c.org_id = ${sql.ref(`${alias}.org_id`)} and c.contact_id = ${sql.ref(`${alias}.id`)}`;
  return sql`exists (
    select from read.consents as c join read.consent_purposes as p on p.org_id = c.org_id and p.id = c.purpose_id
    where ${same} and ${isPurpose} and ${condition})`;
}
