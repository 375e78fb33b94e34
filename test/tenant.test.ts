import { randomUUID } from 'node:crypto';
import { getNamedType, isObjectType, type GraphQLObjectType } from 'graphql';
import { graph } from '../src/domain/index.js';
import { buildSchema } from '../src/graphql/schema.js';
import { openStage, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { Organization } from './support/world.js';

const schema = buildSchema(ROOT);
const query = schema.getQueryType() as GraphQLObjectType;
const listed = [...graph.values()].flatMap((entity) => (entity.root ? [{ ...entity, root: entity.root }] : []));

/** What is read by its id, and never listed or deleted. */
const ALONE = [
  { root: { one: 'organizationExport' }, table: 'organization_exports', listed: false },
  { root: { one: 'subjectExport' }, table: 'subject_exports', listed: false },
];

/** Two walls: with the application's tenant filter, and with PostgreSQL alone. */
describe.each([
  ['with the application’s filters', true],
  ['with the application’s filters switched off', false],
])('%s', (_, tenantFilter) => {
  let stage: Stage;
  let mine: Organization;
  let theirs: Organization;
  let token: string;

  beforeAll(async () => {
    stage = await openStage({ tenantFilter, poolSize: 2 });
    mine = await stage.world.organization();
    theirs = await stage.world.organization();
    for (const org of [mine, theirs]) await fill(org);
    token = stage.tokenOf(mine, 'OWNER');
  });
  afterAll(() => stage.close());

  async function fill(org: Organization): Promise<void> {
    const owner_id = org.users.MEMBER.id;
    const company_id = await stage.world.company(org, { owner_id, name: 'Same name' });
    const contact_id = await stage.world.contact(org, { owner_id, company_id, email: 'same@example.com', tags: ['same'] });
    const deal_id = await stage.world.deal(org, { owner_id, company_id, contact_id, value: '10' });
    await stage.world.activity(org, { owner_id, deal_id, contact_id });
    await stage.world.rate(org);
    await stage.world.consentPurpose(org);
    const made = { org_id: org.id, id: randomUUID(), requested_by_id: org.users.OWNER.id, expires_at: '2099-01-01T00:00:00Z' };
    await stage.world.insert('organization_exports', [made]);
    await stage.world.insert('subject_exports', [{ ...made, contact_id }]);
    await stage.world.deal(org, { title: 'Deleted', deleted_at: new Date().toISOString() });
  }

  async function idsOf(org: Organization, table: string): Promise<string[]> {
    const key = table === 'organizations' ? 'id' : 'org_id';
    const { rows } = await stage.world.client.query<{ id: string }>(`SELECT id FROM public.${table} WHERE ${key} = $1`, [org.id]);
    return rows.map((row) => row.id);
  }

  async function deletedIds(table: string): Promise<string[]> {
    const { rows } = await stage.world.client.query<{ id: string }>(
      `SELECT id FROM public.${table} WHERE org_id = $1 AND deleted_at IS NOT NULL`,
      [mine.id],
    );
    return rows.map((row) => row.id);
  }

  test('a foreign id, a deleted one, one that never existed and one that is none are answered alike, by every root field', async () => {
    const byId = Object.values(query.getFields()).filter((field) => field.args.some((arg) => arg.name === 'id'));
    const one = [...listed.map(({ root, table }) => ({ root, table, listed: true })), ...ALONE];
    expect(byId.map((field) => field.name).sort()).toEqual(one.map(({ root }) => root.one).sort());
    for (const { root, table, listed: hasDeleted } of one) {
      const foreign = await idsOf(theirs, table);
      const deleted = hasDeleted ? await deletedIds(table) : [];
      const ids = [...foreign, ...deleted, randomUUID(), 'no-uuid', '', "' OR true --", '\u0000'];
      const bodies = new Set<string>();
      for (const id of ids) {
        const answer = await stage.send(`query ($id: ID!) { ${root.one}(id: $id) { __typename id } }`, {
          token,
          variables: { id },
        });
        bodies.add(`${answer.status} ${answer.body.trim()}`);
      }
      expect([...bodies]).toEqual([`200 {"data":{"${root.one}":null}}`]);
      for (const id of hasDeleted ? foreign : []) {
        const answer = await stage.send(`query ($id: ID!) { ${root.one}(id: $id, includeDeleted: WITH) { id } }`, {
          token,
          variables: { id },
        });
        expect(answer.data[root.one]).toBeNull();
      }
    }
  });

  test('every id in every filter finds nothing of another organization', async () => {
    const known = (await Promise.all([...graph.keys()].map((table) => idsOf(theirs, table)))).flat();
    for (const { root, type, filters, fields, aliases } of listed) {
      const idFilters = Object.keys(filters).filter((name) => fields[aliases[name] ?? name]?.startsWith('uuid'));
      expect(idFilters).toContain('id');
      for (const name of idFilters) {
        const { data, errors } = await stage.send(
          `query ($f: ${type}Filter) { ${root.many}(filter: $f, includeDeleted: WITH) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage } } }`,
          { token, variables: { f: { [name]: { in: known } } } },
        );
        expect(errors).toBeUndefined();
        expect(data[root.many]).toEqual({ totalCount: 0, nodes: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } });
      }
    }
  });

  /** All ids that can be reached from a type, two relations deep. */
  function deepSelection(type: GraphQLObjectType, depth: number): string {
    const fields = Object.values(type.getFields()).flatMap((field) => {
      const named = getNamedType(field.type);
      if (!isObjectType(named) || depth === 0) return [];
      if (named.name.endsWith('Connection')) {
        const node = getNamedType(named.getFields()['nodes']?.type ?? named);
        const totals = 'totals' in named.getFields() ? 'totals { count }' : '';
        return isObjectType(node)
          ? [`${field.name}(first: 100) { totalCount ${totals} nodes { __typename id ${deepSelection(node, depth - 1)} } }`]
          : [];
      }
      return 'id' in named.getFields() ? [`${field.name} { __typename id ${deepSelection(named, depth - 1)} }`] : [];
    });
    return fields.join(' ');
  }

  /** Every object with an id in an answer. */
  function nodesIn(value: unknown): { __typename: string; id: string }[] {
    if (Array.isArray(value)) return value.flatMap(nodesIn);
    if (!value || typeof value !== 'object') return [];
    const own = 'id' in value && '__typename' in value ? [value as { __typename: string; id: string }] : [];
    return [...own, ...Object.values(value).flatMap(nodesIn)];
  }

  test('whatever relations are walked, only the own organization is reached, and all of it', async () => {
    const reached = new Map<string, Set<string>>();
    for (const { root, type } of listed) {
      const selection = deepSelection(schema.getType(type) as GraphQLObjectType, 2);
      const { data, errors } = await stage.send(
        `{ ${root.many}(first: 100, includeDeleted: WITH) { totalCount nodes { __typename id ${selection} } } }`,
        { token },
      );
      expect(errors).toBeUndefined();
      for (const node of nodesIn(data)) reached.set(node.__typename, (reached.get(node.__typename) ?? new Set()).add(node.id));
    }
    for (const entity of graph.values()) {
      // Sessions are their user's alone, and no relation leads to them or to what is read by its id.
      if (entity.table === 'sessions' || ALONE.some(({ table }) => table === entity.table)) continue;
      expect([entity.type, [...(reached.get(entity.type) ?? [])].sort()]).toEqual([
        entity.type,
        (await idsOf(mine, entity.table)).sort(),
      ]);
    }
  });

  test('counts and totals are of the own organization', async () => {
    const { data } = await stage.send(
      '{ contacts(filter: { email: { eq: "same@example.com" } }) { totalCount } deals { totalCount totals { count sum } } organization { id } }',
      { token },
    );
    expect(data).toEqual({
      contacts: { totalCount: 1 },
      deals: { totalCount: 1, totals: [{ count: 1, sum: '10.00' }] },
      organization: { id: mine.id },
    });
  });

  test('groups and reports are of the own organization, and so are the rates they convert by', async () => {
    const period = 'from: "2000-01-01", to: "2999-12-31"';
    await stage.world.deal(mine, { value: '4', currency: 'USD', status: 'WON', closed_at: '2026-01-01T00:00:00Z' });
    await stage.world.deal(theirs, { value: '100', currency: 'USD', status: 'WON', closed_at: '2026-01-01T00:00:00Z' });
    await stage.world.rate(theirs, { rate: '1000', valid_from: '2025-01-01' });
    await stage.world.rate(mine, { rate: '0.5', valid_from: '2024-01-01' });
    const { data, errors } = await stage.send(
      `{ dealAggregates(inCurrency: "EUR") { count sum } forecast(inCurrency: "EUR") { openSum wonSum }
         leaderboard(${period}, inCurrency: "EUR") { wonSum } velocity(${period}, inCurrency: "EUR") { won { count sum } }
         contactAggregates { count } exchangeRates { totalCount } }`,
      { token },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      dealAggregates: [{ count: 2, sum: '12.00' }],
      forecast: [{ openSum: '10.00', wonSum: '2.00' }],
      leaderboard: [{ wonSum: '2.00' }],
      velocity: { won: [{ count: 1, sum: '2.00' }] },
      contactAggregates: [{ count: 1 }],
      exchangeRates: { totalCount: 2 },
    });
  });

  test('headers choose no tenant', async () => {
    const answer = await fetch(`${stage.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'x-org-id': theirs.id,
        'x-tenant-id': theirs.id,
        'x-organization': theirs.slug,
      },
      body: JSON.stringify({ query: '{ organization { id } }' }),
    });
    expect(await answer.json()).toEqual({ data: { organization: { id: mine.id } } });
  });

  test('nothing of a request is there for the next: two organizations at once on two connections', async () => {
    const ask = async (org: Organization): Promise<[string, string]> => {
      const { data } = await stage.send('{ organization { id } viewer { id } contacts { nodes { organization { id } } } }', {
        token: stage.tokenOf(org),
      });
      expect(data.viewer.id).toBe(org.users.MEMBER.id);
      expect(data.contacts.nodes).toEqual([{ organization: { id: org.id } }]);
      return [org.id, data.organization.id];
    };
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => ask(index % 2 === 0 ? mine : theirs)));
    for (const [asked, answered] of answers) expect(answered).toBe(asked);
  });

  test('a login in the same request as another reads as who signed in', async () => {
    const login = (org: Organization): string =>
      `login(input: { email: "${org.users.MEMBER.email}", password: "correct horse battery staple" }) { user { id organization { id } contacts { totalCount } } }`;
    const { data, errors } = await stage.send(`mutation { a: ${login(mine)} b: ${login(theirs)} }`, { token });
    expect(errors).toBeUndefined();
    expect([data.a.user.organization.id, data.b.user.organization.id]).toEqual([mine.id, theirs.id]);
  });

  test('a search finds and ranks nothing of another organization', async () => {
    await stage.world.company(theirs, { name: 'Peculiar' });
    await stage.world.contact(theirs, { last_name: 'Peculiar', phone: '555123', phone_digits: '555123' });
    await stage.world.activity(theirs, { subject: 'Peculiar', description: 'Deleted' });
    const find = async (q: string): Promise<unknown> => {
      const { data, errors } = await stage.send(
        'query ($q: String!) { search(query: $q) { nodes { id } pageInfo { hasNextPage } } }',
        {
          token,
          variables: { q },
        },
      );
      expect(errors).toBeUndefined();
      return data.search;
    };
    for (const q of ['peculiar', 'peculier', 'pec', '555123', 'deleted'])
      expect([q, await find(q)]).toEqual([q, { nodes: [], pageInfo: { hasNextPage: false } }]);
    const [company] = await idsOf(mine, 'companies');
    expect(await find('same name')).toEqual({ nodes: [{ id: company }], pageInfo: { hasNextPage: false } });
  });

  test('a timeline shows nothing of another organization, not even about a record of the same id', async () => {
    const [contact] = await idsOf(mine, 'contacts');
    const id = randomUUID();
    await stage.world.client.query(
      `INSERT INTO audit_logs (org_id, id, seq, change_id, actor_kind, action, entity_type, entity_id, entity_version)
       VALUES ($1, $2, 90001, $2, 'SYSTEM', 'UPDATE', 'Contact', $3, 2)`,
      [theirs.id, id, contact],
    );
    await stage.world.client.query(
      `INSERT INTO activities (org_id, id, user_id, contact_id, type, subject) SELECT org_id, $2, $3, id, 'NOTE', 'x' FROM contacts WHERE org_id = $1 LIMIT 1`,
      [theirs.id, randomUUID(), theirs.users.MEMBER.id],
    );
    const { data, errors } = await stage.send(
      '{ contacts { nodes { timeline { nodes { __typename } pageInfo { hasNextPage } } } } companies { nodes { timeline { nodes { __typename } } } } }',
      { token },
    );
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data)).not.toContain('ChangeEntry');
  });
});
