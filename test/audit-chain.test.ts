import type pg from 'pg';
import { change, type Erasure } from '../src/db/index.js';
import { callerOf, openStage, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let app: pg.Client;

beforeAll(async () => {
  stage = await openStage();
  app = await connect(stage.database.appUrl);
});
afterAll(() => Promise.all([app.end(), stage.close()]));

const rows = async <Row extends object>(text: string, values: unknown[]): Promise<Row[]> =>
  (await stage.world.client.query<Row>(text, values)).rows;

/** A change that erases values, as a room would make it. */
function erase(org: Organization, erasure: Erasure): Promise<string> {
  const origin = { requestId: 'erasing', ip: '192.0.2.7', operation: 'eraseContact' };
  const request = { caller: callerOf(org, 'ADMIN'), database: stage.app.database, origin, idempotency: null };
  return change(request, erasure.subject.id, async (writer) => writer.eraseValues(erasure));
}

async function contactWithFacts(org: Organization): Promise<string> {
  const token = stage.tokenOf(org, 'ADMIN');
  const made = await stage.send(
    'mutation { createContact(input: { firstName: "Ada", lastName: "Lovelace" }) { contact { id } } }',
    {
      token,
    },
  );
  const { id } = made.data.createContact.contact as { id: string };
  await stage.send('mutation ($id: ID!) { updateContact(id: $id, input: { firstName: "Augusta" }) { contact { id } } }', {
    token,
    variables: { id },
  });
  return id;
}

const valuesOf = (org: Organization, id: string): Promise<{ seq: string; field: string }[]> =>
  rows(
    `SELECT a.seq, v.field FROM audit_logs a JOIN audit_values v ON v.org_id = a.org_id AND v.audit_id = a.id
      WHERE a.org_id = $1 AND a.entity_id = $2 ORDER BY 1, 2`,
    [org.id, id],
  );

describe('erasing values of facts', () => {
  test('takes them away and leaves a fact of it with the reason, and the list', async () => {
    const org = await stage.world.organization();
    const id = await contactWithFacts(org);
    const other = await contactWithFacts(org);
    const before = await valuesOf(org, other);
    await erase(org, { subject: { type: 'Contact', id, version: 2 }, reason: 'asked for', records: [{ type: 'Contact', id }] });
    const left = await valuesOf(org, id);
    expect(left.filter(({ seq }) => seq < '5').map(({ field }) => field)).toEqual(['@ip', '@ip']);
    expect(left.filter(({ seq }) => seq === '5').map(({ field }) => field)).toEqual(['@ip', 'reason']);
    expect(await valuesOf(org, other)).toEqual(before);
    const [fact] = await rows(
      `SELECT action, actor_kind, user_id, request_id, entity_version FROM audit_logs WHERE org_id = $1 AND seq = 5`,
      [org.id],
    );
    expect(fact).toEqual({
      action: 'ERASE_VALUES',
      actor_kind: 'USER',
      user_id: org.users.ADMIN.id,
      request_id: 'erasing',
      entity_version: 2,
    });
    const listed = await rows<{ field: string }>('SELECT field FROM audit_erasures WHERE org_id = $1 AND seq = 5 ORDER BY 1', [
      org.id,
    ]);
    expect(listed.map(({ field }) => field)).toEqual(['firstName', 'firstName', 'lastName', 'ownerId']);
  });

  test('of a user takes the addresses they came from, in the clear too', async () => {
    const org = await stage.world.organization();
    const id = await contactWithFacts(org);
    const { id: userId } = org.users.ADMIN;
    await erase(org, { subject: { type: 'User', id: userId, version: 1 }, reason: 'left', actors: [userId] });
    const found = await rows('SELECT seq::int, ip_address IS NULL AS cleared FROM audit_logs WHERE org_id = $1 ORDER BY seq', [
      org.id,
    ]);
    expect(found).toEqual([
      { seq: 1, cleared: true },
      { seq: 2, cleared: true },
      { seq: 3, cleared: false },
    ]);
    expect((await valuesOf(org, id)).map(({ field }) => field)).not.toContain('@ip');
  });

  test('that are not there leaves nothing, and one of another organization touches nothing', async () => {
    const [mine, theirs] = [await stage.world.organization(), await stage.world.organization()];
    const id = await contactWithFacts(theirs);
    const before = await valuesOf(theirs, id);
    await erase(mine, { subject: { type: 'Contact', id, version: 1 }, reason: 'asked for', records: [{ type: 'Contact', id }] });
    expect(await valuesOf(theirs, id)).toEqual(before);
    expect(await rows('SELECT FROM audit_logs WHERE org_id = $1', [mine.id])).toEqual([]);
  });

  test('has no other way: the server may not delete, and the function wants an organization and a reason', async () => {
    const org = await stage.world.organization();
    const id = await contactWithFacts(org);
    const call = `SELECT audit.erase_values('{}', '{}', $1, '{}')`;
    await expect(app.query(call, ['x'])).rejects.toThrow('this transaction has none');
    await app.query(`BEGIN; SET LOCAL app.org_id = '${org.id}'`);
    await expect(app.query(call, [' '])).rejects.toThrow('has a reason');
    for (const statement of ['DELETE FROM audit_values', 'DELETE FROM audit_erasures', `UPDATE audit_values SET salt = ''`]) {
      await app.query(`ROLLBACK; BEGIN; SET LOCAL app.org_id = '${org.id}'`);
      await expect(app.query(statement)).rejects.toThrow('permission denied');
    }
    await app.query('ROLLBACK');
    expect((await valuesOf(org, id)).length).toBeGreaterThan(4);
  });
});
