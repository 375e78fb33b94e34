import type { Client } from 'pg';
import { makeActivities } from './activities.js';
import { makeCompanies } from './companies.js';
import { makeContacts, rateContacts } from './contacts.js';
import { makeCustomFields, withCustomValues } from './custom-fields.js';
import { makeDeals } from './deals.js';
import { isEmpty } from './empty.js';
import { dateLastActivities, deleteSome } from './endings.js';
import { insertHistories } from './history.js';
import { insertRows, seedAlone } from './insert.js';
import { startOfDay } from './moments.js';
import { makeOrganizations, type OrganizationRow } from './organizations.js';
import { makePipelines } from './pipelines.js';
import type { Scene } from './scene.js';
import { makeUsers } from './users.js';

export interface DemoOptions {
  /** Of the password that all demo users share. */
  passwordHash: string;
  /** Everything is dated relative to this day. */
  now: Date;
  say: (line: string) => void;
}

/**
 * Fills an empty database with two organizations, Acme (English) and Globex (German): the same data whenever it is run
 * on the same day. Does nothing when there is any organization; of two instances that start at once, one seeds.
 *
 * @param client connected as the migration owner, outside a transaction.
 */
export async function seedDemo(client: Client, { passwordHash, now, say }: DemoOptions): Promise<void> {
  await seedAlone(client, async () => {
    if (!(await isEmpty(client))) return;
    for (const { row, scene } of makeOrganizations(startOfDay(now), passwordHash)) {
      say(`Seeding the demo organization ${row.name} …`);
      await insertOrganization(client, row, scene);
    }
  });
}

async function insertOrganization(client: Client, organization: OrganizationRow, scene: Scene): Promise<void> {
  const users = makeUsers(scene);
  const companies = makeCompanies(scene, users, 120);
  const contacts = makeContacts(scene, users, companies, 600);
  const records = { users, companies, contacts, pipelines: makePipelines(scene) };
  const deals = makeDeals(scene, records, 300);
  rateContacts(scene, contacts);
  const activities = makeActivities(scene, records, deals, 1_500);
  deleteSome(scene, records, deals, activities);
  dateLastActivities(contacts, deals, activities);
  const fields = makeCustomFields(scene);
  const rowsOf = (entity: 'CONTACT' | 'COMPANY' | 'DEAL', made: { row: object }[]): object[] =>
    withCustomValues(scene, fields, entity, rows(made));
  await insertRows(client, 'organizations', [organization]);
  await insertRows(client, 'users', users);
  await insertRows(client, 'pipelines', rows(records.pipelines));
  await insertRows(client, 'custom_fields', fields);
  await insertRows(client, 'companies', rowsOf('COMPANY', companies));
  await insertRows(client, 'contacts', rowsOf('CONTACT', contacts));
  await insertRows(client, 'deals', rowsOf('DEAL', deals));
  await insertRows(client, 'activities', activities);
  await client.query('SELECT consents_from_contacts($1)', [[organization.id]]);
  await insertHistories(client, organization.id);
}

function rows(made: { row: object }[]): object[] {
  return made.map(({ row }) => row);
}
