import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Role } from '../../src/caller.js';
import { ROLES } from '../../src/caller.js';

/** An organization of a test's own, with one user of each role and a pipeline. Everybody else's rows are there to leak. */
export interface Organization {
  id: string;
  slug: string;
  users: Record<Role, { id: string; email: string }>;
  pipelineId: string;
  stageIds: string[];
}

/** Columns of a row, snake_case; what is missing gets a value that fits. */
export type Columns = Record<string, unknown>;

/** Makes rows by SQL, as the migration owner. */
export interface World {
  client: pg.Client;
  organization(): Promise<Organization>;
  insert(table: string, rows: Columns[]): Promise<void>;
  company(org: Organization, columns?: Columns): Promise<string>;
  contact(org: Organization, columns?: Columns): Promise<string>;
  deal(org: Organization, columns?: Columns): Promise<string>;
  activity(org: Organization, columns?: Columns): Promise<string>;
  /** A custom field of contacts, with a key of its own. */
  customField(org: Organization, columns?: Columns): Promise<string>;
  /** A purpose of consents, with a key of its own. */
  consentPurpose(org: Organization, columns?: Columns): Promise<string>;
  /** An exchange rate, from a day of its own. */
  rate(org: Organization, columns?: Columns): Promise<string>;
}

/** @param passwordHash of the password that all users of the world share. */
export function world(client: pg.Client, passwordHash: string): World {
  const insert = (table: string, rows: Columns[]): Promise<void> => insertRows(client, table, rows);
  const one = async (table: string, columns: Columns): Promise<string> => {
    await insert(table, [columns]);
    return columns['id'] as string;
  };
  const base = (org: Organization, columns: Columns): Columns => ({ org_id: org.id, id: randomUUID(), ...columns });
  const made: World = {
    client,
    insert,
    organization: () => insertOrganization(client, passwordHash),
    company: (org, columns = {}) => one('companies', base(org, { name: 'Company', ...columns })),
    contact: (org, columns = {}) => one('contacts', base(org, { first_name: 'Ada', last_name: 'Lovelace', ...columns })),
    deal: (org, columns = {}) => one('deals', base(org, dealColumns(org, columns))),
    customField: (org, columns = {}) => {
      const key = `k${randomUUID().replaceAll('-', '')}`;
      return one('custom_fields', base(org, { entity: 'CONTACT', key, type: 'TEXT', label: 'Field', ...columns }));
    },
    consentPurpose: (org, columns = {}) => {
      const key = `k${randomUUID().replaceAll('-', '')}`;
      return one(
        'consent_purposes',
        base(org, { key, name: 'Purpose', lawful_basis: 'CONSENT', is_contacting: true, ...columns }),
      );
    },
    rate: (org, columns = {}) => one('exchange_rates', base(org, { ...rateColumns(), ...columns })),
    activity: async (org, columns = {}) => {
      const about = (columns['deal_id'] ?? columns['contact_id']) ? {} : { contact_id: await made.contact(org) };
      return one('activities', base(org, { user_id: org.users.MEMBER.id, type: 'NOTE', subject: 'Note', ...about, ...columns }));
    },
  };
  return made;
}

let days = 0;

function rateColumns(): Columns {
  days += 1;
  return {
    from_currency: 'USD',
    to_currency: 'EUR',
    rate: '0.9',
    valid_from: new Date(days * 86_400_000).toISOString().slice(0, 10),
  };
}

function dealColumns(org: Organization, columns: Columns): Columns {
  return { pipeline_id: org.pipelineId, stage_id: org.stageIds[0], title: 'Deal', currency: 'EUR', position: 'a', ...columns };
}

async function insertOrganization(client: pg.Client, passwordHash: string): Promise<Organization> {
  const id = randomUUID();
  const slug = `org-${id.slice(0, 13)}`;
  const users = Object.fromEntries(
    ROLES.map((role) => [role, { id: randomUUID(), email: `${role.toLowerCase()}@${slug}.example` }]),
  ) as Organization['users'];
  const pipelineId = randomUUID();
  const stages = ['First', 'Second', 'Third'].map((name, index) => ({ id: randomUUID(), name, probability: 25 * (index + 1) }));
  await client.query('BEGIN');
  await insertRows(client, 'organizations', [{ id, name: `Organization ${slug}`, slug }]);
  await insertRows(client, 'pipelines', [
    { org_id: id, id: pipelineId, name: 'Sales', is_default: true, stages: JSON.stringify(stages) },
  ]);
  await insertRows(client, 'pipeline_history', [
    {
      org_id: id,
      id: randomUUID(),
      pipeline_id: pipelineId,
      at: new Date(0).toISOString(),
      seq: 0,
      name: 'Sales',
      stages: JSON.stringify(stages),
      is_deleted: false,
    },
  ]);
  await insertRows(client, 'users', userRows(id, users, passwordHash));
  await insertRows(client, 'sessions', sessionRows(id, users));
  await client.query('COMMIT');
  return { id, slug, users, pipelineId, stageIds: stages.map((stage) => stage.id) };
}

function userRows(orgId: string, users: Organization['users'], passwordHash: string): Columns[] {
  return ROLES.map((role) => ({
    org_id: orgId,
    id: users[role].id,
    email: users[role].email,
    password_hash: passwordHash,
    first_name: role,
    last_name: 'Person',
    role,
  }));
}

/** Each user is signed in; the session has the user's id. */
function sessionRows(orgId: string, users: Organization['users']): Columns[] {
  const moments = {
    created_at: new Date(0).toISOString(),
    last_used_at: new Date(0).toISOString(),
    expires_at: '9999-01-01T00:00:00Z',
  };
  return ROLES.map((role) => ({ org_id: orgId, id: users[role].id, user_id: users[role].id, ...moments }));
}

async function insertRows(client: pg.Client, table: string, rows: Columns[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const columns = Object.keys(first);
  const list = columns.map((column) => `"${column}"`).join(', ');
  await client.query(
    `INSERT INTO public.${table} (${list}) SELECT ${list} FROM jsonb_populate_recordset(NULL::public.${table}, $1::jsonb)`,
    [
      JSON.stringify(
        rows.map((row) => ({
          ...row,
          ...(typeof row['stages'] === 'string' ? { stages: JSON.parse(row['stages']) as unknown } : {}),
        })),
      ),
    ],
  );
}
