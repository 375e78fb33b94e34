import { createHash } from 'node:crypto';
import { canonical } from '../src/lib/canonical.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage({ poolSize: 24, connectTimeoutMs: 10_000 });
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = (query: string, variables: Record<string, unknown>, role: 'MEMBER' | 'ADMIN' = 'ADMIN'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });

/** The code of an answer's error, or null. */
const codeOf = ({ errors }: Answer): string | null => errors?.[0]?.extensions.code ?? null;

async function rows<Row extends object>(sql: string, values: unknown[] = [org.id]): Promise<Row[]> {
  return (await stage.world.client.query<Row>(sql, values)).rows;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A small pseudo-random generator, so that a failing run can be read again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

test('32 writers at once: all succeed or conflict; numbers have no gap, their order is the order of commits, versions and history add up', async () => {
  const deals = await Promise.all(
    Array.from({ length: 4 }, (_, i) => stage.world.deal(org, { title: `Deal ${i}`, position: `a${i + 1}` })),
  );
  const closing = await Promise.all(
    Array.from({ length: 3 }, (_, i) => stage.world.deal(org, { title: `Closing ${i}`, position: `b${i + 1}` })),
  );
  const contact = await stage.world.contact(org);
  const company = await stage.world.company(org);
  const verbs: ((roll: (sides: number) => number) => [string, Record<string, unknown>])[] = [
    (roll) => [
      'updateDeal(id: $id, input: { title: $text, value: $value }) { deal { version } }',
      { id: deals[roll(4)], text: `T${roll(99)}`, value: `${roll(1000)}` },
    ],
    (roll) => [
      'moveDeal(id: $id, input: { stageId: $stage, place: { at: TOP } }) { deal { version } }',
      { id: deals[roll(4)], stage: org.stageIds[roll(3)] },
    ],
    (roll) => [
      'updateDeal(id: $id, input: { title: $text }, expectedVersion: $version) { deal { version } }',
      { id: deals[roll(4)], text: `V${roll(99)}`, version: 1 + roll(30) },
    ],
    (roll) => ['winDeal(id: $id) { deal { version } }', { id: closing[roll(3)] }],
    (roll) => ['reopenDeal(id: $id) { deal { version } }', { id: closing[roll(3)] }],
    (roll) => ['tagContact(id: $id, input: { tags: [$text] }) { contact { version } }', { id: contact, text: `t${roll(20)}` }],
    (roll) => ['untagContact(id: $id, input: { tags: [$text] }) { contact { version } }', { id: contact, text: `t${roll(20)}` }],
    () => ['deleteCompany(id: $id) { company { version } }', { id: company }],
    () => ['restoreCompany(id: $id) { company { version } }', { id: company }],
    (roll) => [
      'createDeal(input: { title: $text, stageId: $stage }) { deal { version } }',
      { text: 'New', stage: org.stageIds[roll(3)] },
    ],
    (roll) => [
      'createActivity(input: { type: NOTE, subject: $text, dealId: $id, contactId: $other }) { activity { version } }',
      { id: deals[roll(4)], other: contact, text: 'Note' },
    ],
    (roll) => [
      'updatePipeline(id: $id, input: { name: $text }) { pipeline { version } }',
      { id: org.pipelineId, text: `P${roll(99)}` },
    ],
  ];
  const types: Record<string, string> = {
    id: 'ID!',
    other: 'ID!',
    text: 'String!',
    value: 'Decimal',
    stage: 'ID!',
    version: 'Int',
  };
  const codes: (string | null)[] = [];
  const write = async (seed: number): Promise<void> => {
    const roll = dice(seed);
    for (let turn = 0; turn < 8; turn += 1) {
      const [field, variables] = verbs[roll(verbs.length)]?.(roll) ?? ['', {}];
      const declared = Object.keys(variables).map((name) => `$${name}: ${types[name]}`);
      codes.push(codeOf(await send(`mutation (${declared.join(', ')}) { ${field} }`, variables)));
    }
  };
  let writing = true;
  const watch = (async (): Promise<number> => {
    const watcher = await connect(stage.database.ownerUrl);
    let looks = 0;
    for (; writing; looks += 1) {
      const seen = await watcher.query<{ last: number; count: number }>(
        'SELECT coalesce(max(seq), 0)::int AS last, count(*)::int AS count FROM audit_logs WHERE org_id = $1',
        [org.id],
      );
      // Whoever looks, whenever, sees 1 to n: nothing with a smaller number is committed later.
      expect(seen.rows[0]?.count).toBe(seen.rows[0]?.last);
    }
    await watcher.end();
    return looks;
  })();
  await Promise.all(Array.from({ length: 32 }, (_, index) => write(index + 1)));
  writing = false;
  expect(await watch).toBeGreaterThan(10);
  expect(new Set(codes)).toEqual(new Set([null, 'CONFLICT']));
  const wrong = await rows(
    `WITH live AS (SELECT 'Deal' AS type, id, version FROM deals WHERE org_id = $1 UNION ALL SELECT 'Contact', id, version FROM contacts WHERE org_id = $1
       UNION ALL SELECT 'Company', id, version FROM companies WHERE org_id = $1 UNION ALL SELECT 'Activity', id, version FROM activities WHERE org_id = $1
       UNION ALL SELECT 'Pipeline', id, version FROM pipelines WHERE org_id = $1),
     told AS (SELECT entity_type AS type, entity_id AS id, max(entity_version) AS version, count(*) FILTER (WHERE entity_version > 1) AS changes,
                     bool_and(ok) AS ordered FROM (SELECT *, entity_version > coalesce(lag(entity_version) OVER (PARTITION BY entity_id ORDER BY seq), 0) AS ok FROM audit_logs WHERE org_id = $1) AS a GROUP BY 1, 2)
     SELECT live.*, told.* FROM live LEFT JOIN told USING (type, id) WHERE coalesce(told.version, 1) <> live.version OR coalesce(told.changes, 0) <> live.version - 1 OR NOT coalesce(ordered, true)`,
  );
  expect(wrong).toEqual([]);
  // Every commitment can be made again from the values beside it: what a hash chain will stand on.
  const kept = await rows<{ field: string; before: unknown; after: unknown; salt: Buffer; told: string }>(
    `SELECT v.field, v.before, v.after, v.salt, a.changes ->> v.field AS told FROM audit_values v JOIN audit_logs a ON a.org_id = v.org_id AND a.id = v.audit_id WHERE v.org_id = $1`,
  );
  expect(kept.length).toBeGreaterThan(100);
  for (const { field, before, after, salt, told } of kept) {
    expect(
      createHash('sha256')
        .update(salt)
        .update(canonical([field, before, after]))
        .digest('hex'),
    ).toBe(told);
  }
  const stale = await rows(
    `SELECT d.id FROM deals d JOIN LATERAL (SELECT * FROM deal_history h WHERE h.org_id = d.org_id AND h.deal_id = d.id ORDER BY at DESC, seq DESC LIMIT 1) h ON true
     WHERE d.org_id = $1 AND (h.stage_id, h.status, h.value, h.owner_id, h.is_deleted) IS DISTINCT FROM (d.stage_id, d.status, d.value, d.owner_id, d.deleted_at IS NOT NULL)`,
  );
  expect(stale).toEqual([]);
}, 60_000);

test('whoever changes a record among others is told the version and the text of their own change', async () => {
  const id = await stage.world.deal(org, { title: 'First' });
  const edit =
    'mutation ($id: ID!, $title: String!) { updateDeal(id: $id, input: { title: $title }) { deal { version title } } }';
  const titles = Array.from({ length: 20 }, (_, n) => `Title ${n}`);
  const answers = await Promise.all(titles.map((title) => send(edit, { id, title })));
  const told = answers.map(({ data }) => data.updateDeal.deal as { version: number; title: string });
  expect(told.map(({ title }) => title)).toEqual(titles);
  const facts = await rows<{ version: number; title: string }>(
    `SELECT a.entity_version AS version, v.after #>> '{}' AS title FROM audit_logs a JOIN audit_values v ON v.org_id = a.org_id AND v.audit_id = a.id AND v.field = 'title'
     WHERE a.org_id = $1 AND a.entity_id = $2 ORDER BY a.entity_version`,
    [org.id, id],
  );
  expect([...told].sort((one, other) => one.version - other.version)).toEqual(facts);
  expect(facts.map(({ version }) => version)).toEqual(titles.map((_, n) => n + 2));
}, 60_000);

test('removing a stage while deals move into it leaves no deal without a stage', async () => {
  const [first, second, third] = org.stageIds as [string, string, string];
  const deals = await Promise.all(Array.from({ length: 6 }, (_, i) => stage.world.deal(org, { position: `a${i + 1}` })));
  const stages = (ids: string[]): object[] =>
    ids.map((id, index) => ({ id, name: `Stage ${org.stageIds.indexOf(id)} ${index}`, probability: 10 * index }));
  const newcomer = (): object => ({ name: 'Third again', probability: 90 });
  let going = third;
  for (let round = 0; round < 8; round += 1) {
    const move = (id: string): Promise<Answer> =>
      send('mutation ($id: ID!, $s: ID!) { moveDeal(id: $id, input: { stageId: $s }) { deal { stage { id } } } }', {
        id,
        s: going,
      });
    const edit = send(
      'mutation ($id: ID!, $input: UpdatePipelineInput!) { updatePipeline(id: $id, input: $input) { pipeline { stages { id name } } } }',
      {
        id: org.pipelineId,
        input: { stages: [...stages([first, second]), newcomer()], moveDealsTo: second },
      },
    );
    const answers = await Promise.all([...deals.slice(0, 3).map(move), edit, ...deals.slice(3).map(move)]);
    for (const answer of answers) expect([null, 'INVALID_INPUT']).toContain(codeOf(answer));
    const edited = await edit;
    expect(edited.errors).toBeUndefined();
    const orphans = await rows(
      `SELECT d.id FROM deals d JOIN pipelines p ON p.org_id = d.org_id AND p.id = d.pipeline_id
       WHERE d.org_id = $1 AND NOT EXISTS (SELECT FROM jsonb_array_elements(p.stages) s WHERE (s->>'id')::uuid = d.stage_id)`,
    );
    expect(orphans).toEqual([]);
    going = edited.data.updatePipeline.pipeline.stages[2].id;
  }
}, 60_000);

test('a stage that goes takes no deal with it: open ones need a target, versions stay, a reopened one says where it is', async () => {
  const [first, second, third] = org.stageIds as [string, string, string];
  const open = await stage.world.deal(org, { stage_id: second });
  const { data: made } = await send(
    'mutation ($s: ID!) { createDeal(input: { title: "Lost soon", stageId: $s }) { deal { id } } }',
    { s: third },
  );
  const lost: string = made.createDeal.deal.id;
  await send('mutation ($id: ID!) { loseDeal(id: $id) { deal { id } } }', { id: lost });
  const edit = (moveDealsTo: string | null): Promise<Answer> =>
    send(
      'mutation ($id: ID!, $input: UpdatePipelineInput!) { updatePipeline(id: $id, input: $input) { pipeline { version stages { id } } } }',
      {
        id: org.pipelineId,
        input: { stages: [{ id: first, name: 'First', probability: 5 }], ...(moveDealsTo && { moveDealsTo }) },
      },
    );
  expect((await edit(null)).errors?.[0]?.extensions).toMatchObject({
    code: 'INVALID_INPUT',
    fields: [{ path: ['input', 'moveDealsTo'] }],
  });
  expect((await edit(second)).errors?.[0]?.extensions).toMatchObject({
    code: 'INVALID_INPUT',
    fields: [{ path: ['input', 'moveDealsTo'] }],
  });
  const { data } = await edit(first);
  expect(data.updatePipeline.pipeline).toEqual({ version: 2, stages: [{ id: first }] });
  const deals = await rows<{ id: string }>('SELECT id, stage_id, version FROM deals WHERE org_id = $1 ORDER BY version');
  expect(deals).toEqual([
    { id: open, stage_id: first, version: 1 },
    { id: lost, stage_id: first, version: 2 },
  ]);
  const reopened = await send('mutation ($id: ID!) { reopenDeal(id: $id) { deal { stage { name } } notice } }', { id: lost });
  expect(reopened.data.reopenDeal).toEqual({ deal: { stage: { name: 'First' } }, notice: expect.stringContaining('“First”') });
  const reused = await send(
    'mutation ($id: ID!, $input: UpdatePipelineInput!) { updatePipeline(id: $id, input: $input) { pipeline { id } } }',
    {
      id: org.pipelineId,
      input: {
        stages: [
          { id: first, name: 'First', probability: 5 },
          { id: third, name: 'Back again', probability: 5 },
        ],
      },
    },
  );
  expect(reused.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ code: 'ID_USED' }] });
});

test('a stage edit that races a move to another pipeline leaves the moved deal where it went', async () => {
  const { data } = await send(
    'mutation ($i: CreatePipelineInput!) { createPipeline(input: $i) { pipeline { stages { id } } } }',
    {
      i: { name: 'Other', stages: [{ name: 'One', probability: 10, daysToRot: 5 }] },
    },
  );
  const elsewhere: string = data.createPipeline.pipeline.stages[0].id;
  const [first, , third] = org.stageIds as [string, string, string];
  const deal = await stage.world.deal(org, { stage_id: third });
  // The move is under way and not yet committed when the edit makes its plan.
  const mover = await connect(stage.database.ownerUrl);
  await mover.query('BEGIN');
  await mover.query(
    `UPDATE deals SET pipeline_id = (SELECT pipeline_id FROM pipeline_stages WHERE id = $1), stage_id = $1 WHERE id = $2`,
    [elsewhere, deal],
  );
  const edit = send(
    'mutation ($id: ID!, $input: UpdatePipelineInput!) { updatePipeline(id: $id, input: $input) { pipeline { id } } }',
    {
      id: org.pipelineId,
      input: { stages: [{ id: first, name: 'First', probability: 5 }], moveDealsTo: first },
    },
  );
  await pause(300);
  await mover.query('COMMIT');
  await mover.end();
  expect((await edit).errors).toBeUndefined();
  expect(await rows('SELECT stage_id FROM deals WHERE id = $1', [deal])).toEqual([{ stage_id: elsewhere }]);
});

test('a stage with a thousand deals goes in one edit', async () => {
  const [first, second, third] = org.stageIds as [string, string, string];
  await stage.world.client.query(
    `INSERT INTO deals (org_id, id, pipeline_id, stage_id, title, currency, position, status, closed_at)
     SELECT $1, gen_random_uuid(), $2, $3, 'Deal', 'EUR', 'a', (CASE i % 3 WHEN 0 THEN 'LOST' ELSE 'OPEN' END)::"DealStatus", CASE i % 3 WHEN 0 THEN now() END FROM generate_series(1, 1000) AS i`,
    [org.id, org.pipelineId, third],
  );
  const { errors } = await send(
    'mutation ($id: ID!, $input: UpdatePipelineInput!) { updatePipeline(id: $id, input: $input) { pipeline { id } } }',
    {
      id: org.pipelineId,
      input: {
        stages: [
          { id: first, name: 'First', probability: 5 },
          { id: second, name: 'Second', probability: 5 },
        ],
        moveDealsTo: second,
      },
    },
  );
  expect(errors).toBeUndefined();
  const carried = await rows(
    'SELECT stage_id, status, count(*)::int AS n, max(version)::int AS version FROM deals WHERE org_id = $1 GROUP BY 1, 2 ORDER BY 2',
  );
  expect(carried).toEqual([
    { stage_id: second, status: 'OPEN', n: 667, version: 1 },
    { stage_id: first, status: 'LOST', n: 333, version: 1 },
  ]);
  expect(await rows(`SELECT count(*)::int AS n FROM audit_logs WHERE org_id = $1 AND action = 'MOVE'`)).toEqual([{ n: 1000 }]);
});

test('deleting a contact while deals link to it leaves no link made after the deletion', async () => {
  let linked = 0;
  const linkTo = (id: string): Promise<Answer> =>
    send('mutation ($id: ID!) { createDeal(input: { title: "Linked", contactId: $id }) { deal { id } } }', { id });
  // The deletion comes before, while and after links are made, however fast the machine is.
  const other = await stage.world.contact(org);
  const begun = performance.now();
  await Promise.all([linkTo(other), linkTo(other), linkTo(other), linkTo(other)]);
  const step = (performance.now() - begun) / 6;
  for (let round = 0; round < 10; round += 1) {
    const id = await stage.world.contact(org);
    const link = (): Promise<Answer> => linkTo(id);
    const answers = await Promise.all([
      link(),
      link(),
      pause(round * step).then(() => send('mutation ($id: ID!) { deleteContact(id: $id) { contact { id } } }', { id })),
      link(),
      link(),
    ]);
    for (const answer of answers) expect([null, 'INVALID_INPUT']).toContain(codeOf(answer));
    const [late] = await rows<{ late: number; links: number }>(
      `SELECT count(*) FILTER (WHERE made.seq > gone.seq)::int AS late, count(*)::int AS links FROM deals d
       JOIN audit_logs made ON made.org_id = d.org_id AND made.entity_id = d.id AND made.action = 'CREATE'
       JOIN audit_logs gone ON gone.org_id = d.org_id AND gone.entity_id = d.contact_id AND gone.action = 'DELETE' WHERE d.contact_id = $1`,
      [id],
    );
    expect(late?.late).toBe(0);
    linked += late?.links ?? 0;
  }
  expect(linked).toBeGreaterThan(0);
}, 60_000);

test('the default pipeline stays one, whoever makes theirs the default', async () => {
  const make = (name: string): Promise<Answer> =>
    send('mutation ($input: CreatePipelineInput!) { createPipeline(input: $input) { pipeline { id isDefault } } }', {
      input: { name, isDefault: true, stages: [{ name: 'One', probability: 10 }] },
    });
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map(make));
  for (const answer of answers) expect([null, 'CONFLICT']).toContain(codeOf(answer));
  expect(await rows('SELECT count(*)::int AS n FROM pipelines WHERE org_id = $1 AND is_default')).toEqual([{ n: 1 }]);
  const [current] = await rows<{ id: string }>('SELECT id FROM pipelines WHERE org_id = $1 AND is_default');
  for (const field of [
    'deletePipeline(id: $id) { pipeline { id } }',
    'updatePipeline(id: $id, input: { isDefault: false }) { pipeline { id } }',
  ]) {
    expect(codeOf(await send(`mutation ($id: ID!) { ${field} }`, { id: current?.id }))).toBe('INVALID_INPUT');
  }
});
