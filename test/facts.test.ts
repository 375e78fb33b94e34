import { randomUUID } from 'node:crypto';
import { GraphQLError, parse, type GraphQLSchema } from 'graphql';
import type pg from 'pg';
import type { Execute } from '../src/graphql/compiled/index.js';
import { connect, freshDatabase } from './support/database.js';
import { watchWrites, type Witness } from './support/facts.js';
import { world, type World } from './support/world.js';

// What every mutation of all tests changes is held against the facts when a stage closes (support/facts.ts). Here is that it would be noticed.

let owner: pg.Client;
let app: pg.Client;
let rows: World;
let witness: Witness;
beforeAll(async () => {
  const database = await freshDatabase();
  [owner, app] = [await connect(database.ownerUrl), await connect(database.appUrl)];
  rows = world(owner, 'no hash of anything');
  witness = await watchWrites(owner, new URL(database.appUrl).username);
});
afterEach(() => owner.query('TRUNCATE watch.writes, watch.facts'));
afterAll(() => Promise.all([owner.end(), app.end()]));

/** Writes as the server's role, in a transaction of an organization of its own, about a contact of it. */
async function write(...statements: ((id: string) => string)[]): Promise<void> {
  const org = await rows.organization();
  const id = await rows.contact(org);
  for (const text of ['BEGIN', `SET LOCAL app.org_id = '${org.id}'`, ...statements.map((of) => of(id)), 'COMMIT'])
    await app.query(text);
}

const rename = (id: string): string => `UPDATE contacts SET first_name = 'Another' WHERE id = '${id}'`;
const date = (id: string): string => `UPDATE contacts SET last_activity_at = now() WHERE id = '${id}'`;
const count = (): string => `INSERT INTO audit_heads AS h (org_id, seq) VALUES (current_setting('app.org_id')::uuid, 1)
  ON CONFLICT (org_id) DO UPDATE SET seq = h.seq + 1`;
const tell = (id: string): string => `
  INSERT INTO audit_logs (org_id, id, seq, change_id, actor_kind, action, entity_type, entity_id, entity_version, request_id)
  SELECT h.org_id, gen_random_uuid(), h.seq, '${randomUUID()}', 'SYSTEM', 'UPDATE', 'Contact', '${id}', 2, 'the request' FROM audit_heads AS h`;
const rollback = (): string => 'ROLLBACK';

test('a change without a fact is found', async () => {
  await write(rename);
  await expect(witness.check(owner)).rejects.toThrow(/UPDATE Contact \(.*first_name.*\) has 0 facts/);
});

test('two facts of one change are found', async () => {
  await write(rename, count, tell, count, tell);
  await expect(witness.check(owner)).rejects.toThrow(/has 2 facts \(UPDATE UPDATE\)/);
});

test('a fact of no change is found', async () => {
  await write(count, tell);
  await expect(witness.check(owner)).rejects.toThrow(/UPDATE of Contact tells of a change that was not made/);
});

test('what is told in its own transaction, follows from something else, or was rolled back is in order', async () => {
  await write(rename, count, tell);
  await write(date);
  await write(rename, rollback);
  await expect(witness.check(owner)).resolves.toBeUndefined();
});

test('a change of a mutation that failed is found', async () => {
  const failed = new GraphQLError('No.', { path: ['renameContact'] });
  const failing: Execute = async () => ({ data: { renameContact: null }, errors: [failed] });
  const context = { requestId: 'the request' } as Parameters<Execute>[0]['context'];
  const document = parse('mutation { renameContact }');
  await witness.watched(() => failing)({} as GraphQLSchema)({ document, context, variables: {}, operationName: null });
  await write(rename, count, tell);
  await expect(witness.check(owner)).rejects.toThrow(
    /failed in 1 root fields, succeeded in 0, and made 1 changes: UPDATE Contact/,
  );
});
