import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { ROLES, type Role } from '../src/caller.js';
import { LEFT_OUT } from '../src/domain/exports/left-out.js';
import { openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import { faultOutside, type Row } from './support/outside-chain.js';
import { unzip } from './support/zip.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
let now = Date.now();
beforeAll(async () => {
  stage = await openStage({ now: () => now });
});
beforeEach(async () => {
  now = Date.now();
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const EXPORT = `mutation { exportOrganization(currentPassword: "${PASSWORD}") { organizationExport { id state path size } } }`;
const send = (query: string, role: Role = 'OWNER', whose = org): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(whose, role) });
const asked = async (whose = org): Promise<string> =>
  (await send(EXPORT, 'OWNER', whose)).data.exportOrganization.organizationExport.id;
const shown = async (id: string): Promise<Row | null> =>
  (
    await send(
      `{ organizationExport(id: "${id}") { id state progress { done total } size path finishedAt expiresAt requestedBy { id } } }`,
    )
  ).data.organizationExport;

async function fetched(path: string): Promise<Buffer> {
  const response = await fetch(stage.url + path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/zip');
  return Buffer.from(await response.arrayBuffer());
}

/** A finished export, unpacked. */
async function exported(): Promise<Map<string, Buffer>> {
  const id = await asked();
  await stage.mails(org.id);
  return unzip(await fetched((await shown(id))?.['path']));
}

const rowsIn = (files: Map<string, Buffer>, table: string): Row[] =>
  (files.get(`${table}.jsonl`)?.toString() ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

async function callJobs(name: 'sweep'): Promise<void> {
  const worker = await connect(stage.database.workerUrl);
  await worker.query(`SELECT jobs.${name}()`).finally(() => worker.end());
}

/** Makes waiting jobs due. */
const hurry = (): Promise<unknown> => stage.world.client.query('UPDATE graphile_worker._private_jobs SET run_at = now()');

/** Rows by every door: a few by SQL, changes through the API, a person who is erased. */
async function fill(token: string): Promise<void> {
  const company_id = await stage.world.company(org, { name: `Works ${token}` });
  const contact_id = await stage.world.contact(org, { company_id, last_name: token });
  const gone = await stage.world.contact(org, { last_name: 'Gone', email: 'gone@example.com' });
  await stage.world.contact(org, { deleted_at: new Date().toISOString() });
  await stage.world.deal(org, { contact_id, company_id, value: '1234567890123.45' });
  await stage.world.activity(org, { contact_id, subject: `\u2028 "quoted" \\ ${token}\nsecond line` });
  const more = `mutation {
    a: updateContact(id: "${contact_id}", input: { jobTitle: "Ünï \\\\ \\"${token}\\" \u{1f600}", tags: ["b", "a"] }) { contact { id } }
    b: updateContact(id: "${gone}", input: { jobTitle: "Director" }) { contact { id } }
    createApiKey(input: { name: "k", scopes: ["contacts:read"], expiresAt: "${new Date(Date.now() + 86_400_000).toISOString()}" }) { secret }
    inviteUser(input: { email: "${token}@example.com", role: MEMBER }) { __typename }
    eraseContact(id: "${gone}", reason: "asked") { erasure { id } }
  }`;
  expect((await send(more)).errors).toBeUndefined();
  const login = `mutation { login(input: { email: "${org.users.OWNER.email}", password: "${PASSWORD}", transport: PAYLOAD }) { refreshToken } }`;
  expect((await stage.send(login)).errors).toBeUndefined();
}

test('every row of every table of the organization is in it, and nothing of another one', async () => {
  const token = `t${randomUUID().replaceAll('-', '')}`;
  const others = org;
  await fill('others');
  org = await stage.world.organization();
  await fill(token);
  const files = await exported();
  const { rows: tables } = await stage.world.client.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'org_id' ORDER BY 1`,
  );
  const manifest = JSON.parse(files.get('manifest.json')?.toString() ?? '') as {
    files: { name: string; rows: number; sha256: string }[];
  };
  for (const { name } of tables.filter(({ name }) => !(name in LEFT_OUT) && name !== 'organization_export_parts')) {
    const { rows } = await stage.world.client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${name} WHERE org_id = $1`, [
      org.id,
    ]);
    expect([name, rowsIn(files, name).length]).toEqual([name, rows[0]?.n]);
  }
  for (const { name, rows, sha256 } of manifest.files) {
    const content = files.get(name) ?? Buffer.alloc(0);
    expect([name, rowsIn(files, name.replace('.jsonl', '')).length, createHash('sha256').update(content).digest('hex')]).toEqual([
      name,
      rows,
      sha256,
    ]);
  }
  expect([...files.keys()].sort()).toEqual(['README.txt', 'manifest.json', ...manifest.files.map(({ name }) => name)].sort());
  expect(rowsIn(files, 'organizations').map(({ id }) => id)).toEqual([org.id]);
  expect(rowsIn(files, 'contacts').find(({ last_name }) => last_name === token)).toMatchObject({
    job_title: `Ünï \\ "${token}" \u{1f600}`,
  });
  expect(files.get('deals.jsonl')?.toString()).toContain('"value":1234567890123.45');
  const all = Buffer.concat([...files.values()]).toString();
  expect([all.includes(others.id), all.includes('gone@example.com'), all.includes(token)]).toEqual([false, false, true]);
}, 20_000);

test('its audit can be verified without Pulse: the erased values too, and any edit shows', async () => {
  await fill('somebody');
  const files = await exported();
  const audit = (): Record<string, Row[]> =>
    Object.fromEntries(
      ['audit_logs', 'audit_values', 'audit_erasures', 'audit_heads'].map((table) => [table, rowsIn(files, table)]),
    );
  expect(audit()['audit_erasures']?.length).toBeGreaterThan(0);
  expect(faultOutside(audit())).toBeNull();
  const edited = audit();
  for (const fact of edited['audit_logs']?.filter(({ seq }) => seq === 2) ?? []) fact['operation'] = 'another';
  expect(faultOutside(edited)).toBe('2 was edited');
  const cut = audit();
  cut['audit_logs'] = cut['audit_logs']?.filter(({ seq }, _, all) => seq < all.length) ?? [];
  expect(faultOutside(cut)).toMatch(/head counts otherwise/);
  const without = audit();
  without['audit_values']?.splice(0, 1);
  expect(faultOutside(without)).toMatch(/is missing/);
}, 20_000);

test('secrets are left out: whatever is called like one, and what the database holds of them', async () => {
  await fill('somebody');
  const files = await exported();
  const all = Buffer.concat([...files.values()]).toString();
  const { rows } = await stage.world.client.query<{ secret: string }>(
    `SELECT password_hash AS secret FROM users WHERE org_id = $1 UNION ALL SELECT encode(token_hash, 'hex') FROM refresh_tokens WHERE org_id = $1
      UNION ALL SELECT encode(secret_hash, 'hex') FROM api_keys WHERE org_id = $1 UNION ALL SELECT encode(hash, 'hex') FROM erased_people WHERE org_id = $1`,
    [org.id],
  );
  // Five passwords, a refresh token, an API key, and the address of who was erased.
  expect(rows).toHaveLength(8);
  expect(rows.filter(({ secret }) => all.includes(secret))).toEqual([]);
  const { rows: columns } = await stage.world.client.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name <> '_prisma_migrations' AND column_name ~ 'hash|secret|sealed|token|password|key$' ORDER BY 1`,
  );
  // The chain's own, which verify it; what fields, purposes and requests are called; an id that is the table's name.
  const open = ['audit_logs.hash', 'audit_logs.prev_hash', 'consent_purposes.key', 'custom_fields.key', 'idempotency_keys.key'];
  expect(columns.map(({ name }) => name).filter((name) => !(name in LEFT_OUT))).toEqual(open);
  const { rows: known } = await stage.world.client.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public'
      UNION SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  expect(Object.keys(LEFT_OUT).filter((name) => !known.some((each) => each.name === name))).toEqual([]);
}, 20_000);

test('only an owner who knows the password has it made, one at a time, with a fact; a colleague cannot read of it', async () => {
  for (const role of ROLES.filter((each) => each !== 'OWNER'))
    expect((await send(EXPORT, role)).errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  expect(
    (await send('mutation { exportOrganization(currentPassword: "not this one") { organizationExport { id } } }')).errors,
  ).toHaveLength(1);
  const [id, again] = await Promise.all([asked(), asked()]);
  expect(again).toBe(id);
  expect(await shown(id)).toMatchObject({
    state: 'PENDING',
    progress: { done: 0, total: null },
    path: null,
    requestedBy: { id: org.users.OWNER.id },
  });
  expect((await send(`{ organizationExport(id: "${id}") { id } }`, 'ADMIN')).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  const others = await stage.world.organization();
  expect((await send(`{ organizationExport(id: "${id}") { id } }`, 'OWNER', others)).data).toEqual({ organizationExport: null });
  const { rows } = await stage.world.client.query('SELECT action, entity_type, entity_id FROM audit_logs WHERE org_id = $1', [
    org.id,
  ]);
  expect(rows).toEqual([{ action: 'EXPORT', entity_type: 'OrganizationExport', entity_id: id }]);
  await stage.mails(org.id);
  const { state, progress, size, finishedAt } = (await shown(id)) ?? {};
  expect([state, progress.done, Number(size) > 1000, finishedAt === null]).toEqual(['READY', progress.total, true, false]);
  expect(await asked()).not.toBe(id);
});

test('a link leads to the file for an hour, and the file is gone after seven days', async () => {
  const id = await asked();
  await stage.mails(org.id);
  const path = (await shown(id))?.['path'] as string;
  const bytes = await fetched(path);
  const other = await stage.world.organization();
  for (const wrong of [
    path.slice(0, -2),
    path.replace(id, randomUUID()),
    path.replace(org.id, other.id),
    '/exports/organizations/x',
    '/exports/organizations/',
  ])
    expect([wrong, (await fetch(stage.url + wrong)).status]).toEqual([wrong, 404]);
  now += 3_590_000;
  expect((await fetched(path)).equals(bytes)).toBe(true);
  now += 11_000;
  expect((await fetch(stage.url + path)).status).toBe(404);
  const anew = (await shown(id))?.['path'] as string;
  expect((await fetched(anew)).equals(bytes)).toBe(true);
  await stage.world.client.query(`UPDATE organization_exports SET expires_at = now() - interval '1 second' WHERE org_id = $1`, [
    org.id,
  ]);
  expect((await fetch(stage.url + anew)).status).toBe(404);
  await callJobs('sweep');
  expect(await shown(id)).toBeNull();
  const { rowCount } = await stage.world.client.query('SELECT FROM organization_export_parts WHERE org_id = $1', [org.id]);
  expect(rowCount).toBe(0);
});

test('an export that keeps failing says so, and can be repeated', async () => {
  const { username } = new URL(stage.database.appUrl);
  await stage.world.client.query(`REVOKE SELECT ON deal_history FROM ${username}`);
  const id = await asked();
  for (const state of ['PENDING', 'PENDING', 'FAILED']) {
    await hurry();
    await expect(stage.mails(org.id)).rejects.toThrow();
    expect(await shown(id)).toMatchObject({ state, path: null });
  }
  await stage.world.client.query(`GRANT SELECT ON deal_history TO ${username}`);
  await hurry();
  await stage.mails(org.id);
  expect(await shown(id)).toMatchObject({ state: 'FAILED' });
  expect(rowsIn(await exported(), 'users')).toHaveLength(5);
});

test('a file of many pieces whose worker died is begun anew by the next one', async () => {
  const contact_id = await stage.world.contact(org);
  const note = (): object => ({
    org_id: org.id,
    id: randomUUID(),
    user_id: org.users.MEMBER.id,
    type: 'NOTE',
    subject: 'x',
    contact_id,
    description: randomBytes(30_000).toString('base64'),
  });
  await stage.world.insert('activities', Array.from({ length: 90 }, note) as Record<string, unknown>[]);
  const id = await asked();
  // What a worker leaves behind that is killed: the state, and pieces.
  await stage.world.client.query(`UPDATE organization_exports SET state = 'RUNNING', attempt = 1, rows_done = 7 WHERE id = $1`, [
    id,
  ]);
  for (const number of [1, 2, 9])
    await stage.world.insert('organization_export_parts', [
      { org_id: org.id, export_id: id, number, bytes: Buffer.from('half') },
    ]);
  await stage.mails(org.id);
  const { rows } = await stage.world.client.query<{ attempt: number; parts: number; most: number }>(
    `SELECT attempt, parts, (SELECT max(length(bytes)) FROM organization_export_parts WHERE export_id = e.id) AS most FROM organization_exports AS e WHERE id = $1`,
    [id],
  );
  expect(rows).toEqual([{ attempt: 2, parts: 3, most: 1_000_000 }]);
  const files = await unzip(await fetched((await shown(id))?.['path']));
  expect(rowsIn(files, 'activities')).toHaveLength(90);
}, 20_000);
