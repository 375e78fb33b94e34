import { executeCompiled } from '../src/graphql/compiled/index.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

// Lists that PostgreSQL writes as text. That the text is what graphql-js writes, byte for byte, a stage looks at for every operation.

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage();
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const ask = (query: string, options: { of?: Organization; variables?: Record<string, unknown> } = {}): Promise<Answer> => {
  stage.statements();
  return stage.send(query, { token: stage.tokenOf(options.of ?? org), variables: options.variables });
};
const isWritten = (): boolean => stage.statements().some((text) => text.includes('string_agg'));

/** Every character that JSON escapes, what looks like JSON, and what takes two UTF-16 units. */
const AWKWARD = [
  String.fromCharCode(...Array.from({ length: 31 }, (_, index) => index + 1)),
  '"quoted" \\back\\slash\\ /slash/ </script>',
  '","title":null}],"nodes":[{"id":"',
  "' || pg_sleep(1) || ' $1 :name ?",
  '\u007f\u0080\u2028\u2029\ufeff\ufffd',
  'Ångström 東京 🧑‍🚀 ة‎',
];

test('texts are escaped as JSON.stringify does, lists of texts too, and come back as they were stored', async () => {
  const its = await stage.world.organization();
  for (const [index, title] of AWKWARD.entries()) {
    const contact = await stage.world.contact(its, { first_name: title, last_name: '', tags: [title, 'plain'] });
    const deal = await stage.world.deal(its, { title, contact_id: contact, created_at: new Date(index).toISOString() });
    await stage.world.activity(its, { deal_id: deal, subject: title });
  }
  const { data, body } = await ask(
    `{ deals(orderBy: [{ createdAt: ASC }]) { nodes {
         title again: displayName contact { firstName tags } activities { nodes { subject displayName } } } } }`,
    { of: its },
  );
  expect(isWritten()).toBe(true);
  expect(data.deals.nodes).toEqual(
    AWKWARD.map((title) => ({
      title,
      again: title,
      contact: { firstName: title, tags: [title, 'plain'] },
      activities: { nodes: [{ subject: title, displayName: title }] },
    })),
  );
  expect(body).toBe(`${JSON.stringify({ data })}\n`);
});

test('moments, days, amounts at the scale of their currency, numbers and nulls are what the scalars make of them', async () => {
  const its = await stage.world.organization();
  const amounts: [string, string | null][] = [
    ['EUR', '1234.5'],
    ['EUR', '-0.0049'],
    ['JPY', '-0.5'],
    ['KWD', '12345678901234567890.1235'],
    ['CLF', '0.00005'],
    ['XXX', '2.345'],
    ['USD', null],
  ];
  for (const [index, [currency, value]] of amounts.entries())
    await stage.world.deal(its, {
      title: 'Amount',
      currency,
      value,
      created_at: `2026-03-0${index + 1}T09:30:0${index}.5Z`,
      expected_close_date: index % 2 ? '0001-01-01' : '9999-12-31',
      last_activity_at: index % 2 ? null : '1999-12-31T23:59:59.999Z',
    });
  const { data } = await ask(
    `{ deals(orderBy: [{ createdAt: ASC }]) { nodes {
         __typename value currency createdAt expectedCloseDate lastActivityAt version status stage { probability daysToRot } } } }`,
    { of: its },
  );
  expect(isWritten()).toBe(true);
  const { nodes } = data.deals;
  expect(nodes.map((node: { value: string }) => node.value)).toEqual([
    '1234.50',
    '0.00',
    '-1',
    '12345678901234567890.124',
    '0.0001',
    '2.35',
    null,
  ]);
  expect(nodes[1]).toEqual({
    __typename: 'Deal',
    value: '0.00',
    currency: 'EUR',
    createdAt: '2026-03-02T09:30:01.500Z',
    expectedCloseDate: '0001-01-01',
    lastActivityAt: null,
    version: 1,
    status: 'OPEN',
    stage: { probability: 25, daysToRot: null },
  });
  expect(nodes[0]).toMatchObject({ expectedCloseDate: '9999-12-31', lastActivityAt: '1999-12-31T23:59:59.999Z' });
});

test('people are called as the resolver calls them: names of white space, of other scripts, and none at all', async () => {
  const its = await stage.world.organization();
  const named: [first: string, last: string, email: string | null, phone: string | null][] = [
    ['Ada', 'Lovelace', 'ada@example.com', null],
    [' \u00a0\u2003Ada', '\ufeff\u3000', 'ada@example.com', null],
    ['\t\n\v\f\r', '\u1680\u2028\u2029\u202f\u205f', 'nobody@example.com', null],
    // U+180E and U+200B are no white space to ECMAScript.
    ['\u180e', '\u200b', 'marks@example.com', null],
    ['', '', 'somebody@example.com', '+49 30 1234567'],
    ['', '', null, '+49 30 1234567'],
    ['', '', null, null],
    ['"Ada\\', 'İıſßẞ\u0001', null, null],
  ];
  const ids: string[] = [];
  for (const [index, [first_name, last_name, email, phone]] of named.entries())
    ids.push(await stage.world.contact(its, { first_name, last_name, email, phone, created_at: new Date(index).toISOString() }));
  const { data } = await ask('{ contacts(orderBy: [{ createdAt: ASC }]) { nodes { displayName } } }', { of: its });
  expect(isWritten()).toBe(true);
  expect(data.contacts.nodes.map(({ displayName }: { displayName: string }) => displayName)).toEqual(
    named.map(([first, last, email, phone], index) => `${first} ${last}`.trim() || email || phone || ids[index]),
  );
});

test('pages of written rows follow one another by their cursors, under aliases, fragments and conditions', async () => {
  const its = await stage.world.organization();
  const ids: string[] = [];
  for (let index = 0; index < 7; index += 1)
    ids.push(await stage.world.contact(its, { created_at: new Date(index).toISOString(), last_name: `Name ${index}` }));
  const query = `query ($after: String, $short: Boolean!) {
    people: contacts(first: 3, after: $after, orderBy: [{ createdAt: ASC }]) {
      rows: nodes { ...Some name: lastName @skip(if: $short) company { id } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount
    }
  }
  fragment Some on Contact { key: id lastName @include(if: $short) }`;
  const seen: string[] = [];
  const pages: [boolean, boolean][] = [];
  for (let after: string | null = null, page = 0; page < 3; page += 1) {
    const { data }: Answer = await ask(query, { of: its, variables: { after, short: page === 1 } });
    expect(isWritten()).toBe(true);
    const { rows, pageInfo, totalCount } = data.people;
    seen.push(...rows.map((row: { key: string }) => row.key));
    expect(Object.keys(rows[0])).toEqual(page === 1 ? ['key', 'lastName', 'company'] : ['key', 'name', 'company']);
    expect(totalCount).toBe(7);
    pages.push([pageInfo.hasPreviousPage, pageInfo.hasNextPage]);
    after = pageInfo.endCursor;
  }
  expect(seen).toEqual(ids);
  expect(pages).toEqual([
    [false, true],
    [true, true],
    [true, false],
  ]);
});

test('an operation costs the same, read as text or row by row', async () => {
  const its = await stage.world.organization();
  const company = await stage.world.company(its);
  for (const index of [1, 2, 3]) {
    const contact = await stage.world.contact(its, index > 1 ? { company_id: company } : {});
    const deal = await stage.world.deal(its, index > 2 ? {} : { contact_id: contact });
    for (let count = 0; count < index; count += 1) await stage.world.activity(its, { deal_id: deal });
  }
  const costOf = async (more: string): Promise<{ written: boolean; actual: number }> => {
    stage.statements();
    const response = await fetch(`${stage.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-pulse-cost': '1',
        authorization: `Bearer ${stage.tokenOf(its)}`,
      },
      body: JSON.stringify({
        query: `{ deals { nodes { ${more} id stage { name } contact { id company { id } } activities { list: nodes { owner { id } createdBy { id } } } } } }`,
      }),
    });
    const { extensions } = (await response.json()) as { extensions: { cost: { actual: number } } };
    return { written: isWritten(), actual: extensions.cost.actual };
  };
  const text = await costOf('');
  // Only Node knows what time it is, so these rows are read.
  const rows = await costOf('age');
  expect([text.written, rows.written]).toEqual([true, false]);
  expect(text.actual).toBe(rows.actual);
  expect(text.actual).toBeGreaterThan(15);
});

test('a record that must be there and is not is told as graphql-js tells it', async () => {
  const its = await stage.world.organization();
  await stage.world.deal(its, { title: 'Kept' });
  await stage.world.deal(its, { title: 'Stray' });
  await stage.world.client.query('ALTER TABLE deals DISABLE TRIGGER USER');
  await stage.world.client.query('ALTER TABLE deals DROP CONSTRAINT deals_org_id_pipeline_id_stage_id_fkey');
  await stage.world.client.query(`UPDATE deals SET stage_id = gen_random_uuid() WHERE title = 'Stray' AND org_id = $1`, [its.id]);
  const { data, errors } = await ask('{ deals { nodes { title stage { name } } } }', { of: its });
  expect(data).toBeNull();
  expect(errors?.[0]?.message).toBeDefined();
  expect(errors?.[0]?.path?.slice(-1)).toEqual(['stage']);
});

test('whoever may not read a related record is told so, and nothing is written in its place', async () => {
  const its = await stage.world.organization();
  const contact = await stage.world.contact(its);
  await stage.world.deal(its, { contact_id: contact });
  const made = await stage.send('mutation ($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret } }', {
    token: stage.tokenOf(its),
    variables: { i: { name: 'Deals', scopes: ['deals:read'], expiresAt: new Date(Date.now() + 86_400_000).toISOString() } },
  });
  const { data, errors } = await stage.send('{ deals { nodes { title contact { id } } } }', {
    token: made.data.createApiKey.secret,
  });
  expect(data.deals.nodes).toEqual([{ title: 'Deal', contact: null }]);
  expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});

test('an operation that one statement answers ends its transaction with it; its connection serves the next one, whatever became of it', async () => {
  const alone = await openStage({ executor: executeCompiled, poolSize: 1 });
  const its = await alone.world.organization();
  const options = { token: alone.tokenOf(its) };
  const company = await alone.world.company(its, { name: 'First' });
  const query = '{ companies { nodes { id name owner { id } } pageInfo { hasNextPage endCursor } } }';
  for (const name of ['Second', 'Third', 'Fourth']) {
    const { data } = await alone.send(query, options);
    expect(data.companies.nodes).toHaveLength(1);
    expect(data.companies.pageInfo).toEqual({ hasNextPage: false, endCursor: expect.any(String) });
    const renamed = await alone.send(
      `mutation { updateCompany(id: "${company}", input: { name: "${name}" }) { company { name } } }`,
      options,
    );
    expect(renamed.errors).toBeUndefined();
    expect((await alone.send(query, options)).data.companies.nodes[0].name).toBe(name);
  }
  const open = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`;
  expect((await alone.world.client.query(open)).rows[0].count).toBe(0);

  // Its rows are read after all, because a stage is missing: in a transaction after the one that has ended.
  await alone.world.deal(its);
  await alone.world.client.query('ALTER TABLE deals DISABLE TRIGGER USER');
  await alone.world.client.query('ALTER TABLE deals DROP CONSTRAINT deals_org_id_pipeline_id_stage_id_fkey');
  await alone.world.client.query('UPDATE deals SET stage_id = gen_random_uuid() WHERE org_id = $1', [its.id]);
  const stray = await alone.send('{ deals { nodes { stage { name } } } }', options);
  expect(stray.errors?.[0]?.path).toEqual(['deals', 'nodes', 0, 'stage']);
  expect((await alone.send(query, options)).data.companies.nodes).toHaveLength(1);
  await alone.close();
});
