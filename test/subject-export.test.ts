import { randomUUID } from 'node:crypto';
import type { Role } from '../src/caller.js';
import { subjectLists } from '../src/domain/gdpr/subject-lists.js';
import { graph } from '../src/domain/index.js';
import { personalData } from '../src/domain/personal-data.js';
import { columnOf } from '../src/db/graph.js';
import { readSdl } from '../src/graphql/schema.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import { dump, hits } from './support/dump.js';
import { person, seedPerson, tokensOf } from './support/person.js';
import type { Organization } from './support/world.js';

/** The clock that links end by. */
let ahead = 0;
let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ now: () => Date.now() + ahead });
});
afterEach(() => {
  ahead = 0;
});
afterAll(() => stage.close());

const attempt = (org: Organization, query: string, variables: object = {}, role: Role = 'ADMIN'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables: variables as Record<string, unknown> });

/** Asks as somebody of an organization; what fails, fails the test. */
async function ask<Data>(org: Organization, query: string, variables: object = {}, role: Role = 'ADMIN'): Promise<Data> {
  const answer = await attempt(org, query, variables, role);
  expect(answer.errors).toBeUndefined();
  return Object.values(answer.data as object)[0] as Data;
}

interface Export {
  id: string;
  state: string;
  readyAt: string | null;
  expiresAt: string;
  jsonPath: string | null;
  htmlPath: string | null;
}
interface Document {
  contactId: string;
  organization: { name: string };
  lists: { name: string; categories: string[]; records: Record<string, unknown>[] }[];
}

const FIELDS = 'id state readyAt expiresAt jsonPath htmlPath';
const EXPORT = `mutation ($id: ID!) { exportSubject(contactId: $id) { subjectExport { ${FIELDS} } } }`;
const FIND = `query ($id: ID!) { subjectExport(id: $id) { ${FIELDS} contact { id } requestedBy { id } } }`;
const ERASE = 'mutation ($id: ID!) { eraseContact(id: $id, reason: "Asked for") { erasure { receipt } } }';

const exportOf = async (org: Organization, id: string): Promise<Export> =>
  (await ask<{ subjectExport: Export }>(org, EXPORT, { id })).subjectExport;
const get = (path: string | null, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${stage.url}${path}`, { headers });

/** The text of a file, which has to be there. */
async function read(path: string | null): Promise<string> {
  const response = await get(path);
  expect(response.status).toBe(200);
  return response.text();
}

async function documentOf(made: Export): Promise<Record<string, Record<string, unknown>[]>> {
  const { lists } = JSON.parse(await read(made.jsonPath)) as Document;
  return Object.fromEntries(lists.map(({ name, records }) => [name, records]));
}

/** Rows of exports that still hold a file. */
async function filesKept(org: Organization): Promise<number> {
  const { rows } = await stage.world.client.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM subject_exports WHERE org_id = $1 AND (json IS NOT NULL OR html IS NOT NULL)',
    [org.id],
  );
  return rows[0]?.n ?? -1;
}

describe('exporting a person', () => {
  test('tells all that every door let in, in both files; erasing leaves none of it anywhere, and a chain and receipt that hold', async () => {
    const org = await stage.world.organization();
    const p = person();
    const { contactId } = await seedPerson((query, variables) => ask(org, query, variables), p);
    const made = await exportOf(org, contactId);
    const tokens = tokensOf(p);
    expect(tokens.length).toBeGreaterThanOrEqual(12);
    const [json, html] = [await read(made.jsonPath), await read(made.htmlPath)];
    expect(tokens.filter((token) => !json.includes(token))).toEqual([]);
    expect(tokens.filter((token) => !html.includes(token))).toEqual([]);
    const { erasure } = await ask<{ erasure: { receipt: string } }>(org, ERASE, { id: contactId });
    await stage.mails(org.id);
    expect(hits(await dump(stage.world.client), tokens)).toEqual([]);
    expect(await filesKept(org)).toBe(0);
    const told = await stage.world.client.query(
      `SELECT e.version, l.action, l.entity_version AS at FROM subject_exports AS e JOIN audit_logs AS l ON l.org_id = e.org_id AND l.entity_id = e.id WHERE e.id = $1 ORDER BY l.seq`,
      [made.id],
    );
    expect(told.rows).toEqual([
      { version: 2, action: 'EXPORT', at: 1 },
      { version: 2, action: 'ERASE', at: 2 },
    ]);
    expect((await get(made.jsonPath)).status).toBe(404);
    expect(await ask(org, FIND, { id: made.id })).toBeNull();
    expect(await ask(org, '{ auditVerify { ok isComplete firstBad { seq } } }')).toEqual({
      ok: true,
      isComplete: true,
      firstBad: null,
    });
    const check = 'query ($r: String!) { verifyErasureReceipt(receipt: $r) { isValid } }';
    expect(await ask(org, check, { r: erasure.receipt })).toEqual({ isValid: true });
  });

  test('says what things are called, what became of them, and what waits to be done', async () => {
    const org = await stage.world.organization();
    const p = person();
    const { contactId, dealId } = await seedPerson((query, variables) => ask(org, query, variables), p);
    const purpose = await ask<{ nodes: { id: string }[] }>(org, '{ consentPurposes { nodes { id } } }');
    const text =
      'mutation ($id: ID!) { addConsentText(id: $id, input: { label: "v1", body: "You may write to me." }) { __typename } }';
    await ask(org, text, { id: purpose.nodes[0]?.id });
    const grant =
      'mutation ($id: ID!) { grantConsent(id: $id, input: { purpose: "news", channel: PHONE, textVersion: "v1" }) { __typename } }';
    await ask(org, grant, { id: contactId });
    await ask(org, 'mutation ($id: ID!) { restrictProcessing(id: $id) { __typename } }', { id: contactId });
    const other = await stage.world.contact(org, { first_name: 'Somebody else' });
    await stage.world.activity(org, { deal_id: dealId, contact_id: other, subject: 'Not about them' });
    const lists = await documentOf(await exportOf(org, contactId));
    const [contact] = lists['contacts'] ?? [];
    expect(contact).toMatchObject({
      id: contactId,
      erasedBefore: false,
      restrictedAt: expect.any(String) as string,
      tags: [p['tag']],
    });
    expect(contact?.['customFields']).toEqual([{ key: 'pet', label: 'Pet', value: p['custom'] }]);
    expect(contact?.['requests']).toMatchObject([{ key: 'k', mutation: 'createContact' }]);
    const changes = contact?.['changes'] as { action: string; values: { field: string; before: unknown }[] }[];
    expect(changes.map(({ action }) => action)).toEqual(['CREATE', 'UPDATE', 'UPDATE', 'RESTRICT']);
    expect(changes[1]?.values).toContainEqual({ field: 'lastName', before: p['maidenName'], after: p['lastName'] });
    expect(lists['consents']).toMatchObject([{ purpose: 'News', source: p['source'] }, { text: 'v1: You may write to me.' }]);
    expect(lists['deals']).toMatchObject([
      { id: dealId, value: '1200.0000', stage: expect.any(String) as string, history: [{}, {}] },
    ]);
    expect(lists['deals.activities']).toMatchObject([{ subject: `Rang ${p['email']}` }]);
    expect(lists['legal_holds']).toMatchObject([{ reason: p['hold'], releasedAt: expect.any(String) as string }]);
    expect(lists['invitations']).toMatchObject([{ email: p['email'], jobs: [{ task: 'address' }] }]);
    expect(JSON.stringify(lists)).not.toContain('Not about them');
    expect(JSON.stringify(lists)).not.toMatch(/"field":"@/);
  });

  test('has every table that refers to a contact, and every column that tells of the person', async () => {
    const personal = personalData(readSdl(ROOT), graph);
    const lists = subjectLists(graph, personal);
    const { rows } = await stage.world.client.query<{ name: string }>(
      `SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint WHERE contype = 'f' AND confrelid = 'contacts'::regclass
       UNION SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND attname = 'contact_id'`,
    );
    expect(rows.length).toBeGreaterThan(3);
    const shown = new Set(lists.filter(({ by }) => by.way === 'contact').map(({ entity }) => entity.table));
    expect(rows.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
    // Copies of what is shown, to sort by; and the files themselves.
    const copies = [...(graph.get('contacts')?.derived ?? []).map(columnOf), 'json', 'html'];
    const missing = lists.flatMap(({ entity }) => {
      const columns = new Set([...Object.keys(entity.fields).map(columnOf), ...copies]);
      return [...(personal.get(entity.table)?.keys() ?? [])]
        .filter((column) => !columns.has(column))
        .map((column) => [entity.table, column]);
    });
    expect(missing).toEqual([]);
  });

  test('is one fact, and for owners and admins who signed in; of a deleted contact, too', async () => {
    const org = await stage.world.organization();
    const id = await stage.world.contact(org, { first_name: 'Gone', deleted_at: new Date().toISOString() });
    for (const role of ['MANAGER', 'MEMBER', 'VIEWER'] as const) {
      expect((await attempt(org, EXPORT, { id }, role)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      expect((await attempt(org, FIND, { id }, role)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
    const other = await stage.world.organization();
    for (const wrong of [id, randomUUID(), 'no-uuid', '\u0000'])
      expect((await attempt(other, EXPORT, { id: wrong })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    const made = await exportOf(org, id);
    expect(await ask(org, FIND, { id: made.id }, 'OWNER')).toEqual({
      ...made,
      contact: { id },
      requestedBy: { id: org.users.ADMIN.id },
    });
    expect(await ask(other, FIND, { id: made.id })).toBeNull();
    const facts = '{ auditLog(filter: { action: { eq: "EXPORT" } }) { nodes { entityType recordId changes { field after } } } }';
    const { nodes } = await ask<{ nodes: { changes: object[] }[] }>(org, facts);
    expect(nodes).toMatchObject([{ entityType: 'SubjectExport', recordId: made.id }]);
    expect(nodes[0]?.changes).toContainEqual({ field: 'contactId', after: id });
    await ask(org, ERASE, { id });
    expect((await attempt(org, EXPORT, { id })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  test('of somebody with much about them is made by a job, and shows everything; not once they were erased', async () => {
    const org = await stage.world.organization();
    const [id, erased] = [await stage.world.contact(org, { first_name: 'Busy' }), await stage.world.contact(org)];
    await stage.world.client.query(
      `INSERT INTO activities (org_id, id, user_id, contact_id, type, subject)
       SELECT $1, gen_random_uuid(), $2, who, 'NOTE', 'Talk ' || n FROM generate_series(1, 800) AS n, unnest($3::uuid[]) AS who`,
      [org.id, org.users.MEMBER.id, [id, erased]],
    );
    const [waiting, never] = [await exportOf(org, id), await exportOf(org, erased)];
    expect(waiting).toMatchObject({ state: 'PENDING', readyAt: null, jsonPath: null, htmlPath: null });
    await ask(org, ERASE, { id: erased });
    await stage.mails(org.id);
    const ready = await ask<Export>(org, FIND, { id: waiting.id });
    expect(ready).toMatchObject({ state: 'READY', readyAt: expect.any(String) as string });
    const subjects = (await documentOf(ready))['activities']?.map(({ subject }) => subject);
    expect(new Set(subjects)).toEqual(new Set(Array.from({ length: 800 }, (_, n) => `Talk ${n + 1}`)));
    expect((await read(ready.htmlPath)).match(/Talk \d+/g)).toHaveLength(800);
    expect(await ask(org, FIND, { id: never.id })).toBeNull();
    expect(await filesKept(org)).toBe(1);
  });
});

describe('the link to an export', () => {
  test('answers a file to be saved, that nothing may keep, and a page that runs and loads nothing, whatever people typed', async () => {
    const hostile = `</title><script>alert('1')</script><img src=x onerror="alert(2)">&amp;`;
    const org = await stage.world.organization();
    await ask(org, 'mutation ($name: String!) { updateOrganization(input: { name: $name }) { __typename } }', {
      name: `Org ${hostile}`,
    });
    const id = await stage.world.contact(org, { first_name: hostile, tags: [hostile] });
    const made = await exportOf(org, id);
    for (const [path, type] of [
      [made.jsonPath, 'application/json'],
      [made.htmlPath, 'text/html'],
    ] as const) {
      const { headers } = await get(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        ...{ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' },
        ...{ 'content-type': `${type}; charset=utf-8`, 'content-encoding': 'gzip' },
        'content-security-policy': expect.stringMatching(/^default-src 'none'(?!.*script-src)(?!.*unsafe-inline)/) as string,
        'content-disposition': expect.stringMatching(/^attachment; filename="subject-export-[0-9a-f-]+\.(json|html)"$/) as string,
      });
    }
    const html = await read(made.htmlPath);
    expect(html).toContain('&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;');
    expect(html).not.toMatch(/<script|<img|\son\w+="/i);
    expect(await (await get(made.htmlPath, { 'accept-encoding': 'identity' })).text()).toBe(html);
    expect((await documentOf(made))['contacts']).toMatchObject([{ firstName: hostile, tags: [hostile] }]);
  });

  test('leads nowhere once a letter is changed, in another organization, after a day, and after the sweep: all alike', async () => {
    const org = await stage.world.organization();
    const other = await stage.world.organization();
    const made = await exportOf(org, await stage.world.contact(org));
    const [orgId = '', id = '', seconds = '', signature = '', format = ''] = (made.jsonPath ?? '')
      .replace('/exports/', '')
      .split('.');
    expect(Date.parse(made.expiresAt) - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
    const turned = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    const wrong = [
      ...[`${other.id}.${id}.${seconds}.${signature}.${format}`, `${orgId}.${randomUUID()}.${seconds}.${signature}.${format}`],
      ...[
        `${orgId}.${id}.${Number(seconds) + 60}.${signature}.${format}`,
        `${orgId}.${id}.${seconds}.${turned(signature)}.${format}`,
      ],
      ...[
        `${orgId}.${id}.${seconds}.${signature}.html`,
        `${orgId}.${id}.${seconds}.${signature}`,
        'nothing',
        '%00',
        '..%2f..%2fetc',
      ],
    ];
    const answers = new Set<string>();
    const told = async (path: string): Promise<void> => {
      const response = await get(path);
      const body = (await response.text()).replace(/"requestId":"[^"]*"/, '');
      answers.add(`${response.status} ${response.headers.get('cache-control')} ${response.headers.get('content-type')} ${body}`);
    };
    for (const name of wrong) await told(`/exports/${name}`);
    expect(await read(made.jsonPath)).toContain('"lists"');
    ahead = 24 * 3_600_000;
    await told(made.jsonPath ?? '');
    expect(await ask(org, FIND, { id: made.id })).toBeNull();
    ahead = 0;
    await stage.world.client.query('DELETE FROM subject_exports WHERE org_id = $1', [org.id]);
    await told(made.jsonPath ?? '');
    expect([...answers]).toEqual([expect.stringMatching(/^404 no-store application\/json; charset=utf-8 \{"errors"/)]);
  });
});
