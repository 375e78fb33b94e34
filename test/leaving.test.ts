import { randomUUID } from 'node:crypto';
import { ROLES, type Role } from '../src/caller.js';
import { openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = (query: string, role: Role = 'OWNER', whose = org): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(whose, role) });
const DELETE = `mutation { deleteOrganization(currentPassword: "${PASSWORD}") { organization { deletionDueAt version } } }`;
const CANCEL = 'mutation { cancelOrganizationDeletion { organization { deletionDueAt version } } }';

async function purge(): Promise<void> {
  const worker = await connect(stage.database.workerUrl);
  try {
    await worker.query('SELECT jobs.purge_organizations()');
  } finally {
    await worker.end();
  }
}

/** Tables outside the library's and PostgreSQL's own that hold a text somewhere. */
async function tablesWith(token: string): Promise<string[]> {
  const { rows } = await stage.world.client.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'graphile_worker') ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const { rowCount } = await stage.world.client.query(`SELECT FROM ${name} AS t WHERE position($1 in t::text) > 0 LIMIT 1`, [
      token,
    ]);
    if (rowCount) found.push(name);
  }
  return found;
}

test('only an owner who knows the password has the organization deleted, in 30 days; asked again, the day stays, and it can be taken back', async () => {
  for (const role of ROLES.filter((each) => each !== 'OWNER'))
    for (const document of [DELETE, CANCEL])
      expect((await send(document, role)).errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  const wrong = await send('mutation { deleteOrganization(currentPassword: "not this one") { organization { id } } }');
  expect(wrong.errors).toHaveLength(1);
  const { data } = await send(DELETE);
  const due = Date.parse(data.deleteOrganization.organization.deletionDueAt as string);
  expect(Math.round((due - Date.now()) / 86_400_000)).toBe(30);
  expect(data.deleteOrganization.organization.version).toBe(2);
  expect((await send(DELETE)).data.deleteOrganization).toEqual(data.deleteOrganization);
  await purge();
  expect((await send(CANCEL)).data.cancelOrganizationDeletion.organization).toEqual({ deletionDueAt: null, version: 3 });
  const { rows } = await stage.world.client.query('SELECT action FROM audit_logs WHERE org_id = $1 ORDER BY seq', [org.id]);
  expect(rows.map(({ action }) => action)).toEqual(['REQUEST_DELETION', 'CANCEL_DELETION']);
});

test('once its day has come nothing of it is left in any table, and others keep all of theirs', async () => {
  const token = `t${randomUUID().replaceAll('-', '')}`;
  const others = await stage.world.organization();
  for (const whose of [org, others]) {
    const company_id = await stage.world.company(whose, { name: `Works ${whose === org ? token : ''}` });
    const contact_id = await stage.world.contact(whose, { company_id, last_name: whose === org ? token : 'Other' });
    await stage.world.contact(whose, { merged_into: contact_id, deleted_at: new Date().toISOString() });
    const deal_id = await stage.world.deal(whose, { contact_id, company_id });
    await stage.world.activity(whose, { contact_id, deal_id, subject: whose === org ? token : 'Other' });
    await stage.world.customField(whose);
    await stage.world.rate(whose);
    const purpose = `p${randomUUID().replaceAll('-', '')}`;
    const more = `mutation {
      createConsentPurpose(input: { key: "${purpose}", name: "Letter" }) { consentPurpose { id } }
      grantConsent(id: "${contact_id}", input: { purpose: "${purpose}" }) { contact { id } }
      updateContact(id: "${contact_id}", input: { jobTitle: "${whose === org ? token : 'Other'}" }) @idempotent(key: "k") { contact { id } }
      inviteUser(input: { email: "${purpose}@example.com", role: MEMBER }) { __typename }
    }`;
    expect((await send(more, 'OWNER', whose)).errors).toBeUndefined();
  }
  expect((await tablesWith(token)).length).toBeGreaterThan(3);
  const theirs = await tablesWith(others.id);
  expect((await send(DELETE)).errors).toBeUndefined();
  await stage.world.client.query(`UPDATE organizations SET deletion_due_at = now() WHERE id = $1`, [org.id]);
  await purge();
  expect([await tablesWith(token), await tablesWith(org.id)]).toEqual([[], []]);
  expect(await tablesWith(others.id)).toEqual(theirs);
}, 30_000);
