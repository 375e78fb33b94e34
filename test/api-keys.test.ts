import { setTimeout as sleep } from 'node:timers/promises';
import {
  getNamedType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
} from 'graphql';
import { ROLES, type Role } from '../src/caller.js';
import { graph, PUBLIC_FIELDS } from '../src/domain/index.js';
import { rootScopes } from '../src/domain/root-scopes.js';
import { buildSchema } from '../src/graphql/schema.js';
import { SCOPES, type Scope } from '../src/scopes.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { Organization } from './support/world.js';

const schema = buildSchema(ROOT);
let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const inADay = (): string => new Date(Date.now() + 86_400_000).toISOString();
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;

const CREATE =
  'mutation ($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret apiKey { id name hint scopes expiresAt } } }';

const create = (role: Role, input: object = {}): Promise<Answer> =>
  stage.send(CREATE, {
    token: stage.tokenOf(org, role),
    variables: { i: { name: 'Script', scopes: ['deals:read'], expiresAt: inADay(), ...input } },
  });

/** A key of the organization's member, or of another role. */
async function keyWith(scopes: Scope[], role: Role = 'MEMBER'): Promise<{ id: string; secret: string }> {
  const { data } = await create(role, { scopes });
  return { id: data.createApiKey.apiKey.id, secret: data.createApiKey.secret };
}

describe('making, listing and revoking', () => {
  test('the secret is shown once; the list tells keys apart without it', async () => {
    const { data } = await create('MEMBER', { scopes: ['deals:write', 'contacts:read', 'deals:write'] });
    const { secret, apiKey } = data.createApiKey;
    expect(secret).toMatch(new RegExp(`^pk_${org.id}_[\\w-]{43}$`));
    expect(apiKey).toMatchObject({ name: 'Script', hint: secret.slice(-4), scopes: ['contacts:read', 'deals:write'] });
    const list = await stage.send('{ apiKeys { id name hint lastUsedAt revokedAt createdBy { id } } }', {
      token: stage.tokenOf(org, 'MEMBER'),
    });
    expect(list.data.apiKeys).toEqual([
      {
        id: apiKey.id,
        name: 'Script',
        hint: secret.slice(-4),
        lastUsedAt: null,
        revokedAt: null,
        createdBy: { id: org.users.MEMBER.id },
      },
    ]);
    expect(list.body).not.toContain(secret.split('_').slice(2).join('_'));
  });

  test('making one does not take @idempotent, and says how to repeat it', async () => {
    const { errors } = await stage.send(CREATE.replace('(input: $i)', '(input: $i) @idempotent(key: "k")'), {
      token: stage.tokenOf(org, 'MEMBER'),
      variables: { i: { name: 'x', scopes: ['deals:read'], expiresAt: inADay() } },
    });
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT', fields: [{ code: 'NOT_SUPPORTED' }] } });
    expect(schema.getMutationType()?.getFields()['createApiKey']?.description).toMatch(/revoke the key that nobody knows/);
  });

  test.each([
    [{ name: ' ' }, ['input', 'name']],
    [{ name: 'x'.repeat(201) }, ['input', 'name']],
    [{ scopes: [] }, ['input', 'scopes']],
    [{ scopes: ['deals:read', 'everything'] }, ['input', 'scopes', 1]],
    [{ scopes: ['users:write'] }, ['input', 'scopes', 0]],
    [{ scopes: ['DEALS:READ'] }, ['input', 'scopes', 0]],
    [{ expiresAt: '2026-01-01T00:00:00Z' }, ['input', 'expiresAt']],
    [{ expiresAt: '2999-01-01T00:00:00Z' }, ['input', 'expiresAt']],
  ])('%j is refused', async (input, path) => {
    const { errors } = await create('OWNER', input);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', fields: [{ path }] });
  });

  test('nobody gives a key more than their role has', async () => {
    const allowed = async (role: Role): Promise<Scope[]> => {
      const answers = await Promise.all(
        SCOPES.map(async (scope) => [scope, codeOf(await create(role, { scopes: [scope] }))] as const),
      );
      expect(new Set(answers.map(([, code]) => code))).toEqual(
        new Set(role === 'OWNER' || role === 'ADMIN' ? [undefined] : [undefined, 'FORBIDDEN']),
      );
      return answers.flatMap(([scope, code]) => (code === undefined ? [scope] : []));
    };
    const reading = SCOPES.filter((scope) => scope.endsWith(':read'));
    expect(await allowed('VIEWER')).toEqual(reading);
    expect(await allowed('MEMBER')).toEqual(SCOPES.filter((scope) => scope !== 'pipelines:write'));
    expect(await allowed('MANAGER')).toEqual(SCOPES.filter((scope) => scope !== 'pipelines:write'));
    expect(await allowed('ADMIN')).toEqual([...SCOPES]);
  });

  test('one sees and revokes one’s own; admins everybody’s of their organization', async () => {
    const mine = await keyWith(['deals:read']);
    const colleagues = await keyWith(['deals:read'], 'MANAGER');
    const revoke = (id: string, token: string): Promise<Answer> =>
      stage.send('mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id revokedAt } } }', { token, variables: { id } });
    const listed = async (role: Role): Promise<string[]> =>
      (await stage.send('{ apiKeys { id } }', { token: stage.tokenOf(org, role) })).data.apiKeys.map(
        ({ id }: { id: string }) => id,
      );
    expect([await listed('MEMBER'), await listed('VIEWER'), await listed('ADMIN')]).toEqual([
      [mine.id],
      [],
      [colleagues.id, mine.id],
    ]);
    expect(codeOf(await revoke(colleagues.id, stage.tokenOf(org, 'MEMBER')))).toBe('FORBIDDEN');
    const elsewhere = stage.tokenOf(await stage.world.organization(), 'OWNER');
    const answers = await Promise.all([mine.id, '00000000-0000-7000-8000-000000000000', 'x'].map((id) => revoke(id, elsewhere)));
    expect(new Set(answers.map(({ body }) => body.replace(/"requestId":"[^"]+"/, ''))).size).toBe(1);
    expect(codeOf(answers[0] as Answer)).toBe('NOT_FOUND');
    const first = await revoke(mine.id, stage.tokenOf(org, 'MEMBER'));
    expect(first.data.revokeApiKey.apiKey.revokedAt).toEqual(expect.any(String));
    expect((await revoke(mine.id, stage.tokenOf(org, 'MEMBER'))).data).toEqual(first.data);
    expect((await revoke(colleagues.id, stage.tokenOf(org, 'ADMIN'))).errors).toBeUndefined();
    expect(await listed('ADMIN')).toEqual([]);
  });
});

describe('using one', () => {
  const deals = (token: string): Promise<Answer> => stage.send('{ deals { nodes { id } } }', { token });

  test('it acts in its maker’s name, sees what its maker sees, and facts name it', async () => {
    await stage.world.client.query(`UPDATE organizations SET settings = settings || '{"visibility": "OWNER"}' WHERE id = $1`, [
      org.id,
    ]);
    const own = await stage.world.deal(org, { owner_id: org.users.MEMBER.id });
    await stage.world.deal(org, { owner_id: org.users.MANAGER.id });
    const { id, secret } = await keyWith(['deals:write']);
    expect((await deals(secret)).data.deals.nodes).toEqual([{ id: own }]);
    const made = await stage.send('mutation { createDeal(input: { title: "By script" }) { deal { id title } } }', {
      token: secret,
    });
    expect(made.errors).toBeUndefined();
    const { rows } = await stage.world.client.query(
      'SELECT actor_kind, user_id, api_key_id, action, entity_type FROM audit_logs WHERE org_id = $1 ORDER BY seq',
      [org.id],
    );
    const maker = { user_id: org.users.MEMBER.id };
    expect(rows).toEqual([
      { ...maker, actor_kind: 'USER', api_key_id: null, action: 'CREATE', entity_type: 'ApiKey' },
      { ...maker, actor_kind: 'API_KEY', api_key_id: id, action: 'CREATE', entity_type: 'Deal' },
    ]);
  });

  test('its last use is noted, once a minute, and no request waits for it', async () => {
    const { id, secret } = await keyWith(['deals:read']);
    const lastUsed = async (): Promise<Date | null> =>
      (await stage.world.client.query<{ at: Date | null }>('SELECT last_used_at AS at FROM api_keys WHERE id = $1', [id])).rows[0]
        ?.at ?? null;
    expect(await lastUsed()).toBeNull();
    await deals(secret);
    while (!(await lastUsed())) await pause(5);
    const first = await lastUsed();
    await pause(1_000);
    for (let time = 0; time < 5; time += 1) await deals(secret);
    await pause(50);
    expect(await lastUsed()).toEqual(first);
    expect((await stage.world.client.query('SELECT version FROM api_keys WHERE id = $1', [id])).rows).toEqual([{ version: 1 }]);
  });

  test('a request within a second of another asks the database nothing about the key', async () => {
    const { secret } = await keyWith(['deals:read']);
    await deals(secret);
    stage.statements();
    await Promise.all([deals(secret), deals(secret)]);
    expect(stage.statements().filter((text) => text.includes('api_keys'))).toEqual([]);
  });

  test.each([
    ['revoked', 'UPDATE api_keys SET revoked_at = now() WHERE org_id = $1'],
    ['expired', `UPDATE api_keys SET expires_at = now() WHERE org_id = $1`],
    ['its maker deactivated', `UPDATE users SET is_active = false WHERE org_id = $1 AND role = 'MEMBER'`],
    ['its maker deleted', `UPDATE users SET deleted_at = now() WHERE org_id = $1 AND role = 'MEMBER'`],
  ])('%s: over within a second, and answered like one that never was', async (_, change) => {
    const { secret } = await keyWith(['deals:read']);
    expect(codeOf(await deals(secret))).toBeUndefined();
    await stage.world.client.query(change, [org.id]);
    await pause(1_000);
    const told = ({ status, body }: Answer): string => `${status} ${body.replace(/"requestId":"[^"]+"/, '')}`;
    const never = await deals(`${secret.slice(0, -5)}AAAAA`.replace(/.$/, 'A'));
    expect(codeOf(never)).toBe('UNAUTHENTICATED');
    expect(told(await deals(secret))).toBe(told(never));
  });

  test('what it may do is what its maker may do now', async () => {
    const { secret } = await keyWith(['deals:write', 'pipelines:write'], 'ADMIN');
    const may = async (): Promise<object> =>
      (
        await stage.send(
          '{ viewer { permissions { canCreateDeals canCreateContacts canManagePipelines canManageUsers canWriteAllRecords } } }',
          { token: secret },
        )
      ).data ?? {};
    expect(codeOf(await stage.send('{ viewer { id } }', { token: secret }))).toBe('FORBIDDEN');
    const write = (): Promise<Answer> =>
      stage.send('mutation { createDeal(input: { title: "x" }) { deal { id } } }', { token: secret });
    expect(codeOf(await write())).toBeUndefined();
    await stage.world.client.query(`UPDATE users SET role = 'VIEWER' WHERE id = $1`, [org.users.ADMIN.id]);
    await pause(1_000);
    expect(codeOf(await write())).toBe('FORBIDDEN');
    expect(await may()).toEqual({});
  });

  test('it is no access token, and an access token is no key', async () => {
    const { secret } = await keyWith(['deals:read']);
    const jwt = stage.tokenOf(org, 'OWNER');
    const stranger = (await stage.world.organization()).id;
    for (const token of [
      `pk_${jwt}`,
      `pk_${org.id}_${jwt}`,
      secret.slice(3),
      secret.slice(0, -1),
      `${secret}A`,
      secret.replace('pk_', 'PK_'),
      secret.replace(org.id, stranger),
      secret.replace(org.id, org.id.replaceAll('-', '')),
      `pk_${org.id}_`,
      'pk_',
    ]) {
      expect([token.slice(0, 12), codeOf(await deals(token))]).toEqual([token.slice(0, 12), 'UNAUTHENTICATED']);
    }
    expect(codeOf(await deals(secret))).toBeUndefined();
  });

  test('keys that do not exist are refused after thirty a minute from an address; known ones go on', async () => {
    const own = await openStage();
    const mine = await own.world.organization();
    const made = await own.send(CREATE, {
      token: own.tokenOf(mine, 'MEMBER'),
      variables: { i: { name: 'x', scopes: ['deals:read'], expiresAt: inADay() } },
    });
    const { secret } = made.data.createApiKey;
    const ask = (token: string): Promise<Answer> => own.send('{ deals { totalCount } }', { token });
    for (let time = 0; time < 30; time += 1) {
      const wrong = `pk_${mine.id}_${Buffer.alloc(32, time).toString('base64url')}`;
      expect(codeOf(await ask(wrong))).toBe('UNAUTHENTICATED');
      if (time % 10 === 0) expect(codeOf(await ask(secret))).toBeUndefined();
    }
    // Longer than an answer about a key is remembered.
    await sleep(1_000);
    expect(codeOf(await ask(secret))).toBeUndefined();
    const { errors } = await ask(`pk_${mine.id}_${Buffer.alloc(32, 99).toString('base64url')}`);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) });
    await own.close();
  });

  test('idempotency keys of a person and of each key are apart', async () => {
    const [one, two] = [await keyWith(['deals:write']), await keyWith(['deals:write'])];
    const make = async (token: string): Promise<string> =>
      (await stage.send('mutation { createDeal(input: { title: "x" }) @idempotent(key: "same") { deal { id } } }', { token }))
        .data.createDeal.deal.id;
    const ids = [
      await make(one.secret),
      await make(two.secret),
      await make(stage.tokenOf(org, 'MEMBER')),
      await make(one.secret),
    ];
    expect(new Set(ids).size).toBe(3);
    expect(ids[3]).toBe(ids[0]);
  });
});

describe('scopes', () => {
  const rootFields = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.keys(type?.getFields() ?? {}).map((name) => `${type?.name}.${name}`),
  );

  test('every root field that is not public says what it asks of a key', () => {
    const declared = [...rootScopes(graph).keys()];
    expect([...declared, ...PUBLIC_FIELDS].sort()).toEqual([...rootFields].sort());
  });

  test('every entity has its scope, but for the short list of what keys never see', () => {
    const closed = [...graph.values()].filter(({ scope }) => scope === undefined).map(({ table }) => table);
    // Where people are signed in, who is asked to join, keys themselves, who did what, and what people ask for under data protection law, and what an organization takes along.
    expect(closed.sort()).toEqual([
      'api_keys',
      'audit_logs',
      'erasures',
      'invitations',
      'legal_holds',
      'organization_exports',
      'retention_rules',
      'retention_runs',
      'sessions',
      'subject_exports',
    ]);
    const known = new Set(SCOPES.map((scope) => scope.split(':')[0]));
    for (const { scope } of graph.values()) if (scope) expect(known).toContain(scope);
  });

  test('the SDL lists the scopes', () => {
    const input = schema.getType('CreateApiKeyInput') as unknown as { getFields(): Record<string, { description: string }> };
    const listed = [...(input.getFields()['scopes']?.description ?? '').matchAll(/`(\w+:\w+)`/g)].map(([, scope]) => scope);
    expect(listed).toEqual([...SCOPES]);
  });

  test.each(rootFields.filter((name) => !PUBLIC_FIELDS.includes(name)))(
    '%s is FORBIDDEN to a key without its scope',
    async (name) => {
      const needed = rootScopes(graph).get(name);
      if (needed === 'BY_RECORD') return;
      const others = SCOPES.filter((scope) => needed === 'SIGNED_IN' || scope.split(':')[0] !== needed?.split(':')[0]);
      const readOnly = needed?.endsWith(':write') ? [needed.replace(':write', ':read') as Scope] : [];
      const { secret } = await keyWith([...others, ...readOnly], 'OWNER');
      const { errors, data } = await stage.send(callOf(name), { token: secret });
      expect([errors?.map(({ extensions }) => extensions.code), data?.[name.split('.')[1] ?? ''] ?? null]).toEqual([
        ['FORBIDDEN'],
        null,
      ]);
      expect(errors?.[0]?.message).toContain(needed === 'SIGNED_IN' ? 'Sign in' : needed);
    },
  );

  /** Every relation of every record, read by a key that has the scope of the record alone. */
  const relations = [...graph.values()].flatMap((entity) => {
    const type = schema.getType(entity.type) as GraphQLObjectType;
    return Object.values(type.getFields()).flatMap((field) => {
      const target = targetOf(field.type);
      return target && entity.scope && entity.root && entity.table !== 'exchange_rates'
        ? [{ name: `${entity.type}.${field.name}`, entity, field, target }]
        : [];
    });
  });

  test.each(relations.map((relation) => [relation.name, relation] as const))(
    '%s needs the scope of what it leads to',
    async (_, relation) => {
      const { entity, field, target } = relation;
      const targetScope = [...graph.values()].find(({ type }) => type === target)?.scope;
      const id = await recordOf(entity.table);
      const query = `{ ${entity.root?.one}(id: "${id}") { id ${field.name} ${selectionOf(field.type)} } }`;
      const alone = await keyWith([`${entity.scope}:read` as Scope], 'OWNER');
      const answer = await stage.send(query, { token: alone.secret });
      if (targetScope === entity.scope) return expect(answer.errors).toBeUndefined();
      expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
      if (targetScope === undefined) return expect(answer.errors?.[0]?.message).toContain('Sign in');
      expect(answer.errors?.[0]?.message).toContain(`${targetScope}:read`);
      const both = await keyWith([`${entity.scope}:read`, `${targetScope}:read`] as Scope[], 'OWNER');
      expect((await stage.send(query, { token: both.secret })).errors).toBeUndefined();
    },
  );

  test('counts, sums, edges without rows: what a connection tells needs the scope too', async () => {
    const company = await stage.world.company(org);
    const { secret } = await keyWith(['companies:read']);
    for (const part of ['totalCount', 'pageInfo { hasNextPage }', 'totals { count }', 'edges { cursor }', '__typename'])
      expect([part, codeOf(await stage.send(`{ company(id: "${company}") { deals { ${part} } } }`, { token: secret }))]).toEqual([
        part,
        'FORBIDDEN',
      ]);
  });

  test('filters do not reach through a relation that the key may not read, and aggregates do not group by one', async () => {
    const { secret } = await keyWith(['deals:read']);
    const id = org.users.MEMBER.id;
    const ask = async (field: string, args: string): Promise<string | undefined> =>
      codeOf(
        await stage.send(`{ deal${field}(${args}) { ${field === 's' ? 'totalCount nodes { id }' : 'count'} } }`, {
          token: secret,
        }),
      );
    for (const filter of [
      `contactId: { eq: "${id}" }`,
      `ownerId: { isNull: true }`,
      `not: { companyId: { in: ["${id}"] } }`,
      `or: [{ stageId: { eq: "${id}" } }]`,
    ]) {
      expect([filter, await ask('s', `filter: { ${filter} }`)]).toEqual([filter, 'FORBIDDEN']);
      expect([filter, await ask('Aggregates', `filter: { ${filter} }`)]).toEqual([filter, 'FORBIDDEN']);
    }
    expect(await ask('Aggregates', 'groupBy: [OWNER]')).toBe('FORBIDDEN');
    expect(await ask('Aggregates', 'groupBy: [STATUS]')).toBeUndefined();
    expect(await ask('s', 'filter: { title: { contains: "x" } }')).toBeUndefined();
  });

  /** Every relation that a filter of the schema can walk. */
  const walks = [...graph.values()].flatMap((entity) => {
    const input = schema.getType(`${entity.type}Filter`) as GraphQLInputObjectType | undefined;
    const offered = Object.keys(entity.root ? (input?.getFields() ?? {}) : {});
    return [...Object.entries(entity.toOne), ...Object.entries(entity.toMany)].flatMap(([name, { entity: target }]) =>
      offered.includes(name) ? [{ entity, name, target: graph.get(target), toMany: name in entity.toMany }] : [],
    );
  });

  test('no filter walks a relation that the key may not read', async () => {
    for (const { entity, name, target, toMany } of walks) {
      if (target?.scope === entity.scope) continue;
      const inner = '{ and: [{ id: { isNull: false } }] }';
      const query = `{ ${entity.root?.many}(filter: { ${name}: ${toMany ? `{ some: ${inner} }` : inner} }) { totalCount } }`;
      const { secret } = await keyWith([`${entity.scope}:read` as Scope], 'OWNER');
      expect([query, codeOf(await stage.send(query, { token: secret }))]).toEqual([query, 'FORBIDDEN']);
      const both = await keyWith([`${entity.scope}:read`, `${target?.scope}:read`] as Scope[], 'OWNER');
      expect([query, codeOf(await stage.send(query, { token: both.secret }))]).toEqual([query, undefined]);
    }
  });

  test('search finds only kinds of records that the key may read', async () => {
    const { secret } = await keyWith(['contacts:read', 'companies:read']);
    const search = (types: string): Promise<Answer> =>
      stage.send(`{ search(query: "ada"${types}) { nodes { __typename } } }`, { token: secret });
    expect(codeOf(await search(', types: [CONTACT, COMPANY]'))).toBeUndefined();
    expect(codeOf(await search(', types: [CONTACT, DEAL]'))).toBe('FORBIDDEN');
    expect(codeOf(await search(''))).toBe('FORBIDDEN');
  });

  test('a reference in an input needs the scope to read what it leads to; itself, its maker and defaults do not', async () => {
    const { secret } = await keyWith(['deals:write', 'activities:write']);
    const contact = await stage.world.contact(org);
    const deal = await stage.world.deal(org);
    const send = (query: string): Promise<Answer> => stage.send(`mutation { ${query} }`, { token: secret });
    const before = (await stage.world.client.query('SELECT count(*) FROM audit_logs WHERE org_id = $1', [org.id])).rows;
    for (const call of [
      `createDeal(input: { title: "x", contactId: "${contact}" }) { deal { id } }`,
      `createDeal(input: { title: "x", stageId: "${org.stageIds[1]}" }) { deal { id } }`,
      `createDeal(input: { title: "x", pipelineId: "${org.pipelineId}" }) { deal { id } }`,
      `updateDeal(id: "${deal}", input: { ownerId: "${org.users.MANAGER.id}" }) { deal { id } }`,
      `moveDeal(id: "${deal}", input: { stageId: "${org.stageIds[1]}" }) { deal { id } }`,
      `createActivity(input: { type: NOTE, subject: "x", contactId: "${contact}" }) { activity { id } }`,
    ])
      expect([call, codeOf(await send(call))]).toEqual([call, 'FORBIDDEN']);
    expect((await stage.world.client.query('SELECT count(*) FROM audit_logs WHERE org_id = $1', [org.id])).rows).toEqual(before);
    for (const call of [
      'createDeal(input: { title: "x" }) { deal { id } }',
      `updateDeal(id: "${deal}", input: { ownerId: "${org.users.MEMBER.id}" }) { deal { id } }`,
      `createActivity(input: { type: NOTE, subject: "x", dealId: "${deal}" }) { activity { id } }`,
    ])
      expect([call, (await send(call)).errors]).toEqual([call, undefined]);
  });

  test('what a change carries along needs its scope: deals, when a stage goes', async () => {
    const deal = await stage.world.deal(org);
    const edit = `mutation { updatePipeline(id: "${org.pipelineId}", input: { stages: [{ id: "${org.stageIds[1]}", name: "Second", probability: 50 }], moveDealsTo: "${org.stageIds[1]}" }) { pipeline { id } } }`;
    const pipelines = await keyWith(['pipelines:write'], 'ADMIN');
    expect(codeOf(await stage.send(edit, { token: pipelines.secret }))).toBe('FORBIDDEN');
    const both = await keyWith(['pipelines:write', 'deals:write'], 'ADMIN');
    expect((await stage.send(edit, { token: both.secret })).errors).toBeUndefined();
    expect((await stage.world.client.query('SELECT stage_id FROM deals WHERE id = $1', [deal])).rows).toEqual([
      { stage_id: org.stageIds[1] },
    ]);
  });

  test('a payload shows no more than a query: what it leads to needs its scope', async () => {
    const deal = await stage.world.deal(org, { contact_id: await stage.world.contact(org) });
    const { secret } = await keyWith(['deals:write']);
    const { data, errors } = await stage.send(
      `mutation { updateDeal(id: "${deal}", input: { title: "y" }) { deal { title contact { id } viewerCan { update } } } }`,
      { token: secret },
    );
    expect(data.updateDeal.deal).toEqual({ title: 'y', contact: null, viewerCan: { update: true } });
    expect(errors?.map(({ path }) => path)).toEqual([['updateDeal', 'deal', 'contact']]);
  });

  test('a conflict names colleagues only to a key that may read users', async () => {
    const deal = await stage.world.deal(org);
    await stage.send(`mutation { updateDeal(id: "${deal}", input: { title: "y" }) { deal { id } } }`, {
      token: stage.tokenOf(org, 'OWNER'),
    });
    const stale = `mutation { updateDeal(id: "${deal}", input: { title: "z" }, expectedVersion: 1) { deal { id } } }`;
    const blind = await stage.send(stale, { token: (await keyWith(['deals:write'])).secret });
    const seeing = await stage.send(stale, { token: (await keyWith(['deals:write', 'users:read'])).secret });
    expect(blind.errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', changedBy: [] });
    expect(blind.errors?.[0]?.message).toMatch(/^Somebody/);
    expect(seeing.errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', changedBy: [{ id: org.users.OWNER.id }] });
  });

  test('viewerCan and permissions are what role and scopes have in common', async () => {
    const deal = await stage.world.deal(org);
    const reading = await keyWith(['deals:read', 'users:read'], 'OWNER');
    const query = `{ deal(id: "${deal}") { viewerCan { update delete } } viewer { permissions { canCreateDeals canCreateContacts canManagePipelines canManageUsers canCreateApiKeys } } }`;
    expect((await stage.send(query, { token: reading.secret })).data).toEqual({
      deal: { viewerCan: { update: false, delete: false } },
      viewer: {
        permissions: {
          canCreateDeals: false,
          canCreateContacts: false,
          canManagePipelines: false,
          canManageUsers: false,
          canCreateApiKeys: false,
        },
      },
    });
    const writing = await keyWith(['deals:write', 'users:read', 'pipelines:write'], 'OWNER');
    expect((await stage.send(query, { token: writing.secret })).data.viewer.permissions).toEqual({
      canCreateDeals: true,
      canCreateContacts: false,
      canManagePipelines: true,
      canManageUsers: false,
      canCreateApiKeys: false,
    });
  });

  test('a person’s permissions are those of the role; other users have none to show', async () => {
    const ask = async (role: Role): Promise<Record<string, boolean>> =>
      (
        await stage.send(
          '{ viewer { permissions { canCreateDeals canReadAllRecords canWriteAllRecords canManagePipelines canManageUsers canCreateApiKeys } } }',
          { token: stage.tokenOf(org, role) },
        )
      ).data.viewer.permissions;
    const counts = await Promise.all(ROLES.map(async (role) => [role, Object.values(await ask(role)).filter(Boolean).length]));
    expect(Object.fromEntries(counts)).toEqual({ OWNER: 6, ADMIN: 6, MANAGER: 4, MEMBER: 2, VIEWER: 1 });
    const { data } = await stage.send(`{ user(id: "${org.users.OWNER.id}") { permissions { canCreateDeals } } }`, {
      token: stage.tokenOf(org),
    });
    expect(data.user).toEqual({ permissions: null });
  });

  async function recordOf(table: string): Promise<string> {
    const contact = await stage.world.contact(org);
    switch (table) {
      case 'contacts':
        return contact;
      case 'companies':
        return stage.world.company(org);
      case 'deals':
        return stage.world.deal(org, { contact_id: contact });
      case 'activities':
        return stage.world.activity(org, { contact_id: contact });
      case 'pipelines':
        return org.pipelineId;
      case 'custom_fields':
        return stage.world.customField(org);
      case 'consent_purposes':
        return stage.world.consentPurpose(org);
      case 'users':
        return org.users.MEMBER.id;
      default:
        throw new Error(`No record of ${table} to read.`);
    }
  }
});

/** The record type that a field leads to: directly, as a list, or as a connection. */
function targetOf(type: unknown): string | null {
  const named = getNamedType(type as GraphQLObjectType);
  const nodes = isObjectType(named) ? named.getFields()['nodes'] : undefined;
  const target = nodes ? getNamedType(nodes.type).name : named.name;
  return [...graph.values()].some((entity) => entity.type === target) ? target : null;
}

function selectionOf(type: unknown): string {
  const named = getNamedType(type as GraphQLObjectType);
  return isObjectType(named) && named.getFields()['nodes'] ? '{ nodes { id } }' : '{ id }';
}

function callOf(name: string): string {
  const [root = '', fieldName = ''] = name.split('.');
  const field = (schema.getType(root) as GraphQLObjectType).getFields()[fieldName];
  const args = (field?.args ?? []).filter((arg) => isNonNullType(arg.type)).map((arg) => `${arg.name}: ${sample(arg.type)}`);
  const named = getNamedType(field?.type as GraphQLObjectType);
  const selection = isObjectType(named) || isInterfaceType(named) ? '{ __typename }' : '';
  return `${root.toLowerCase()} { ${fieldName}${args.length > 0 ? `(${args.join(', ')})` : ''} ${selection} }`;
}

/** A value that satisfies an input type, so that the field itself is reached. */
function sample(type: GraphQLInputType): string {
  const bare = isNonNullType(type) ? type.ofType : type;
  if ('ofType' in bare) return '[]';
  if ('getValues' in bare) return bare.getValues()[0]?.name ?? '';
  if (!('getFields' in bare)) return SAMPLES[bare.name] ?? '"00000000-0000-7000-8000-000000000000"';
  const fields = Object.values(bare.getFields());
  const given = fields.filter((field, index) => isNonNullType(field.type) || (bare.isOneOf && index === 0));
  return `{ ${given.map((field) => `${field.name}: ${sample(field.type)}`).join(', ')} }`;
}

const SAMPLES: Record<string, string> = {
  Int: '1',
  Boolean: 'true',
  DateTime: '"2026-01-01T00:00:00Z"',
  LocalDate: '"2026-01-01"',
  Decimal: '"1"',
  CurrencyCode: '"EUR"',
  TimeZone: '"Europe/Berlin"',
  Rate: '"1.1"',
};
