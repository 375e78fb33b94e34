import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApolloClient, ApolloLink, HttpLink, type TypedDocumentNode } from '@apollo/client';
import { isEnumType } from 'graphql';
import { BOARD, createCache, createClient, failureIn, moveDeal, type BoardDeal } from '../docs/clients/apollo.js';
import { hashesOnly } from '../docs/clients/persisted.js';
import { createSession, type Session, type TokenPlace } from '../docs/clients/session.js';
import { createUrqlClient, NEWEST_DEALS } from '../docs/clients/urql.js';
import { readManifests } from '../src/graphql/documents/trusted.js';
import { buildSchema } from '../src/graphql/schema.js';
import { openStage, PASSWORD, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { Organization } from './support/world.js';

const PAGE = readFileSync(path.join(ROOT, 'docs/CLIENTS.md'), 'utf8');

let stage: Stage;
let org: Organization;
let url: string;
beforeAll(async () => {
  stage = await openStage();
  url = `${stage.url}/graphql`;
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

/** A place that notes what it was given. */
function pocket(): TokenPlace & { token: string | null } {
  return {
    token: null,
    async read() {
      return this.token;
    },
    async write(token) {
      this.token = token;
    },
  };
}

async function signedIn(place: TokenPlace = pocket(), send: typeof fetch = fetch): Promise<Session> {
  const session = createSession(url, place, send);
  await session.signIn(org.users.MEMBER.email, PASSWORD);
  return session;
}

/** Loses the answers that `isLost` says, after the server has given them. */
function tunnel(isLost: (body: string) => boolean): typeof fetch {
  return async (where, init) => {
    const answer = await fetch(where, init);
    if (!isLost(init?.body as string)) return answer;
    await answer.text();
    throw new TypeError('The connection was lost.');
  };
}

/** True the first time that it is asked about such a text. */
function firstWith(part: string): (text: string) => boolean {
  let left = 1;
  return (text) => text.includes(part) && left-- > 0;
}

/** Sends its first request with an access token that is no good any more. */
function withStaleToken(): typeof fetch {
  let left = 1;
  return (where, init) => {
    const headers = new Headers(init?.headers);
    if (left-- > 0) headers.set('authorization', 'Bearer stale');
    return fetch(where, { ...init, headers });
  };
}

describe('docs/CLIENTS.md', () => {
  const files = [...PAGE.matchAll(/<!-- (docs\/clients\/[\w.]+) -->\n\n```\w+\n([\s\S]*?)\n```/g)];

  test.each(files.map(([, file = '', shown = '']): [string, string] => [file, shown]))('shows %s as it is', (file, shown) => {
    expect(`${shown}\n`).toBe(readFileSync(path.join(ROOT, file), 'utf8'));
  });

  test('shows all of the files, and says of every code what to do', () => {
    expect(files).toHaveLength(6);
    const codes = buildSchema(ROOT).getType('ErrorCode');
    const known = isEnumType(codes) ? codes.getValues().map(({ name }) => name) : [];
    const listed = [...PAGE.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code);
    expect(listed).toEqual(known);
  });

  test('works at the terminal', async () => {
    const scripts = [...PAGE.matchAll(/<!-- run(?: on)? -->\n\n```sh\n([\s\S]*?)\n```/g)].map(([, script = '']) => script);
    expect(scripts).toHaveLength(2);
    const contact = await stage.world.contact(org);
    for (let n = 0; n < 101; n += 1) await stage.world.deal(org, { title: `Deal ${n}` });
    const here = scripts
      .join('\n')
      .replace('http://localhost:4000', stage.url)
      .replace('member@acme.example', org.users.MEMBER.email)
      .replace('admin@acme.example', org.users.ADMIN.email)
      .replaceAll('pulse-demo-password', PASSWORD);
    const shell = spawn('bash', ['-euc', here], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, complained] = ['', ''];
    shell.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    shell.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
    await once(shell, 'close');
    expect(complained).toBe('');
    const lines = said.trim().split('\n');
    expect(lines.shift()).toBe('true');
    expect(lines.pop()).toBe(contact);
    expect(lines.sort()).toEqual(['From the terminal', ...Array.from({ length: 101 }, (_, n) => `Deal ${n}`)].sort());
  });
});

describe('the session', () => {
  test('survives a lost answer, and an app that dies before it kept what it was given', async () => {
    const place = pocket();
    const session = await signedIn(place, tunnel(firstWith('refreshToken(')));
    const first = place.token;
    expect(await session.renew()).toEqual(expect.any(String));
    expect(place.token).not.toBe(first);
    const reborn = createSession(url, { read: async () => first, write: (token) => place.write(token) });
    const before = place.token;
    expect(await reborn.renew()).toEqual(expect.any(String));
    expect(place.token).toBe(before);
  });

  test('is renewed once for all who ask at the same time, and by twenty processes at once', async () => {
    const place = pocket();
    let requests = 0;
    const session = await signedIn(place, (...request) => {
      requests += 1;
      return fetch(...request);
    });
    requests = 0;
    expect(new Set(await Promise.all(Array.from({ length: 5 }, () => session.renew()))).size).toBe(1);
    expect(requests).toBe(1);
    const others = Array.from({ length: 20 }, () => createSession(url, place));
    expect((await Promise.all(others.map((other) => other.renew()))).every(Boolean)).toBe(true);
    expect(await createSession(url, place).renew()).toEqual(expect.any(String));
  });

  test('ends when the server says so: the token is forgotten', async () => {
    const place = pocket();
    const session = await signedIn(place);
    const token = (await session.token()) ?? undefined;
    await stage.send('mutation { logoutEverywhere { endedSessions } }', { token });
    expect([await session.renew(), place.token]).toEqual([null, null]);
    await expect(session.signIn(org.users.MEMBER.email, 'wrong')).rejects.toThrow('wrong');
  });
});

describe('Apollo Client', () => {
  async function twoColumns(): Promise<[string, string]> {
    const { data } = await stage.send('{ pipelines { nodes { id stages { id } } } }', { token: stage.tokenOf(org) });
    return [data.pipelines.nodes[0].stages[0].id, data.pipelines.nodes[0].stages[1].id];
  }

  const pipelineOf = async (): Promise<string> =>
    (await stage.send('{ pipelines { nodes { id } } }', { token: stage.tokenOf(org) })).data.pipelines.nodes[0].id;

  function columns(client: ApolloClient, id: string): Record<string, string[]> {
    const board = client.readQuery({ query: BOARD, variables: { id } }, true);
    const filled = board?.pipeline.stages.filter((column) => column.deals.edges.length > 0) ?? [];
    for (const { deals } of filled) expect(deals.totalCount).toBe(deals.edges.length);
    return Object.fromEntries(filled.map((column) => [column.id, column.deals.edges.map(({ node }) => node.title)]));
  }

  async function boardOf(client: ApolloClient, id: string): Promise<BoardDeal[]> {
    const { data } = await client.query({ query: BOARD, variables: { id } });
    return data?.pipeline.stages.flatMap((column) => column.deals.edges.map(({ node }) => node)) ?? [];
  }

  test('puts pages together, whatever their number', async () => {
    for (let n = 0; n < 5; n += 1) await stage.world.deal(org, { title: `Deal ${n}` });
    const { gql } = await import('@apollo/client');
    const query: TypedDocumentNode<{ deals: { edges: { node: { title: string } }[]; pageInfo: { endCursor: string } } }> = gql`
      query Titles($after: String) {
        deals(first: 2, after: $after, orderBy: [{ createdAt: ASC }]) {
          edges {
            node {
              id
              title
            }
          }
          pageInfo {
            hasNextPage
            endCursor
          }
        }
      }
    `;
    const client = createClient(url, await signedIn());
    await client.query({ query });
    const list = client.watchQuery({ query });
    const subscription = list.subscribe(() => undefined);
    for (let page = 0; page < 2; page += 1) {
      const after = client.readQuery({ query })?.deals.pageInfo.endCursor;
      await list.fetchMore({ variables: { after } });
    }
    subscription.unsubscribe();
    const titles = client.readQuery({ query })?.deals.edges.map(({ node }) => node.title);
    expect(titles).toHaveLength(5);
    expect(new Set(titles)).toEqual(new Set(Array.from({ length: 5 }, (_, n) => `Deal ${n}`)));
  });

  test('renews a token that is no good any more, and shows the code of what cannot be repaired', async () => {
    const session = await signedIn();
    const client = createClient(url, session, withStaleToken());
    await stage.world.deal(org, { title: 'Seen' });
    expect((await boardOf(client, await pipelineOf())).map(({ title }) => title)).toEqual(['Seen']);
    const gone: BoardDeal = {
      __typename: 'Deal',
      id: crypto.randomUUID(),
      title: '',
      version: 1,
      stage: { __typename: 'Stage', id: '' },
    };
    const failure = await moveDeal(client, gone, (await twoColumns())[0]).catch(failureIn);
    expect(failure).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('moves a card before the server has answered, once, although the answer was lost', async () => {
    const [from, to] = await twoColumns();
    await stage.world.deal(org, { title: 'Moving', stage_id: from });
    const id = await pipelineOf();
    const client = createClient(url, await signedIn(), tunnel(firstWith('moveDeal')));
    const [card] = await boardOf(client, id);
    expect(columns(client, id)).toEqual({ [from]: ['Moving'] });
    const moving = moveDeal(client, card as BoardDeal, to);
    expect(columns(client, id)).toEqual({ [to]: ['Moving'] });
    const { data } = await moving;
    expect(data?.moveDeal.deal).toMatchObject({ version: 2, stage: { id: to } });
    expect(columns(client, id)).toEqual({ [to]: ['Moving'] });
  });

  test('puts a card back when somebody else was there first', async () => {
    const [from, to] = await twoColumns();
    const dealId = await stage.world.deal(org, { title: 'Contested', stage_id: from });
    const id = await pipelineOf();
    const client = createClient(url, await signedIn());
    const [card] = await boardOf(client, id);
    await stage.send(`mutation { updateDeal(id: "${dealId}", input: { title: "Renamed" }) { deal { id } } }`, {
      token: stage.tokenOf(org, 'MANAGER'),
    });
    const failure = await moveDeal(client, card as BoardDeal, to).catch(failureIn);
    expect(failure).toMatchObject({ code: 'CONFLICT', currentVersion: 2 });
    expect(columns(client, id)).toEqual({ [from]: ['Contested'] });
  });
});

test('urql pages through a list, and renews a token that is no good any more', async () => {
  for (let n = 0; n < 3; n += 1) await stage.world.deal(org, { title: `Deal ${n}` });
  const client = createUrqlClient(url, await signedIn(), withStaleToken());
  const seen: string[] = [];
  for (let after: string | null = null, more = true; more;) {
    const { data, error } = await client.query(NEWEST_DEALS, { first: 2, after }).toPromise();
    expect(error).toBeUndefined();
    seen.push(...(data?.deals.nodes.map(({ title }) => title) ?? []));
    after = data?.deals.pageInfo.endCursor ?? null;
    more = data?.deals.pageInfo.hasNextPage ?? false;
  }
  expect(seen.sort()).toEqual(['Deal 0', 'Deal 1', 'Deal 2']);
});

test('documents made by codegen travel as hashes to a server that takes no others', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pulse-codegen-'));
  for (const each of ['schema', 'docs', 'node_modules']) symlinkSync(path.join(ROOT, each), path.join(folder, each));
  const cli = path.join(ROOT, 'node_modules/@graphql-codegen/cli/cjs/bin.js');
  const codegen = spawn(process.execPath, [cli, '--config', path.join(ROOT, 'docs/clients/codegen.ts')], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect(await once(codegen, 'close')).toEqual([0, null]);
  const { DealCardsDocument } = (await import(`${folder}/gql/graphql.ts`)) as {
    DealCardsDocument: TypedDocumentNode<{ deals: { edges: unknown[] } }, { first: number }>;
  };
  const documents = readManifests([`${folder}/gql/persisted-documents.json`]);
  const only = await openStage({ trustedDocuments: { mode: 'only', documents } });
  const owner = await only.world.organization();
  await only.world.deal(owner, { title: 'By its hash' });
  const bodies: string[] = [];
  const link = new HttpLink({
    uri: `${only.url}/graphql`,
    headers: { authorization: `Bearer ${only.tokenOf(owner)}` },
    fetch: (where, init) => {
      bodies.push(init?.body as string);
      return fetch(where, init);
    },
  });
  const client = new ApolloClient({ cache: createCache(), link: ApolloLink.from([hashesOnly(), link]) });
  const { data } = await client.query({ query: DealCardsDocument, variables: { first: 10 } });
  expect(data?.deals.edges).toMatchObject([
    { node: { __typename: 'Deal', title: 'By its hash', stage: { __typename: 'Stage' } } },
  ]);
  expect(bodies).toEqual([expect.not.stringContaining('query DealCards')]);
  await only.close();
  rmSync(folder, { recursive: true });
}, 30_000);
