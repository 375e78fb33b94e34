import { randomUUID } from 'node:crypto';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

/** A database of its own: connections that have planned their checks of references on tiny tables keep those plans. */
let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
});
afterAll(() => stage.close());

test('ten thousand records go in one call, and what is above is left for the next', async () => {
  const { MEMBER, MANAGER } = org.users;
  const ask = (mutation: string): Promise<Answer> =>
    stage.send(`mutation { ${mutation} }`, { token: stage.tokenOf(org, 'OWNER') });
  const reassign = `reassignRecords(from: "${MEMBER.id}", to: "${MANAGER.id}") { remaining }`;
  const rows = Array.from({ length: 10_050 }, (_, n) => ({
    org_id: org.id,
    id: randomUUID(),
    name: `Company ${n}`,
    owner_id: MEMBER.id,
  }));
  await stage.world.client.query(
    `INSERT INTO companies (org_id, id, name, owner_id) SELECT org_id, id, name, owner_id FROM json_populate_recordset(NULL::companies, $1)`,
    [JSON.stringify(rows)],
  );
  const refused = await ask(`deactivateUser(id: "${MEMBER.id}", input: { reassignTo: "${MANAGER.id}" }) { user { id } }`);
  expect(refused.errors?.[0]?.extensions.fields?.[0]?.code).toBe('TOO_MANY');
  expect((await ask(reassign)).data.reassignRecords).toEqual({ remaining: 50 });
  expect((await ask(reassign)).data.reassignRecords).toEqual({ remaining: 0 });
  const { rows: facts } = await stage.world.client.query('SELECT count(*)::int AS n FROM audit_logs WHERE org_id = $1', [org.id]);
  expect(facts).toEqual([{ n: 10_050 }]);
}, 60_000);
