import { Writable } from 'node:stream';
import { GraphQLObjectType } from 'graphql';
import type pg from 'pg';
import { columnOf } from '../src/db/graph.js';
import { graph } from '../src/domain/index.js';
import { impersonalColumns, personalData, personalFields } from '../src/domain/personal-data.js';
import { buildSchema, readSdl } from '../src/graphql/schema.js';
import { MASK } from '../src/lib/masking.js';
import { makeLog } from '../src/log.js';
import { ROOT } from './support/cluster.js';
import { ownerClient } from './support/database.js';

const sdl = readSdl(ROOT);
const schema = buildSchema(ROOT);
const data = personalData(sdl, graph);

let client: pg.Client;
beforeAll(async () => {
  client = await ownerClient();
});
afterAll(() => client.end());

/** What is wrong with the classes of a schema's columns: none, or more than one. */
async function faults(inSchema: string): Promise<string[]> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
      WHERE c.table_schema = $1 AND t.table_type = 'BASE TABLE' AND c.table_name <> '_prisma_migrations' ORDER BY 1, 2`,
    [inSchema],
  );
  expect(rows.length).toBeGreaterThan(0);
  return rows.flatMap(({ table, column }) => {
    const declared = impersonalColumns(table)?.includes(column) ?? false;
    const personal = data.get(table)?.has(column) ?? false;
    if (declared !== personal) return [];
    return [`${table}.${column} ${declared ? 'is personal and not' : 'has no class'}`];
  });
}

test('every column of every table is personal, with a class, or declared to tell nothing of a person: one of the two', async () => {
  expect(await faults('public')).toEqual([]);
});

test('a column that somebody adds has no class until it is given one', async () => {
  await client.query('CREATE SCHEMA scratch');
  await client.query('CREATE TABLE scratch.contacts (LIKE public.contacts)');
  await client.query('CREATE TABLE scratch.letters (org_id uuid, words text)');
  expect(await faults('scratch')).toEqual(['letters.org_id has no class', 'letters.words has no class']);
  await client.query('ALTER TABLE scratch.contacts ADD COLUMN nickname text');
  expect(await faults('scratch')).toContain('contacts.nickname has no class');
});

test('what is declared is there: no class for a column that is gone', async () => {
  const { rows } = await client.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public'`,
  );
  const columns = new Set(rows.map(({ name }) => name));
  const declared = [...data].flatMap(([table, kinds]) => [...kinds.keys()].map((column) => `${table}.${column}`));
  const tables = new Set([...data.keys()]);
  const plain = [...tables].flatMap((table) => (impersonalColumns(table) ?? []).slice(6).map((column) => `${table}.${column}`));
  expect([...declared, ...plain].filter((name) => !columns.has(name))).toEqual([]);
});

test('every record is called by a name that has a class, if it is made of personal columns', () => {
  const fields = personalFields(sdl);
  for (const { table, type } of graph.values()) {
    const shown = schema.getType(type);
    if (!(shown instanceof GraphQLObjectType) || !('displayName' in shown.getFields())) continue;
    const named = ['first_name', 'title', 'subject'].some((column) => data.get(table)?.has(column));
    expect([type, 'displayName' in (fields[type] ?? {})]).toEqual([type, named]);
  }
});

test('emptied and masked columns can be: what is required is masked', () => {
  for (const { table, type, fields } of graph.values())
    for (const [field, kind] of Object.entries(fields)) {
      const rule = data.get(table)?.get(columnOf(field));
      const maskable = kind === 'text' || kind === 'text?' || kind === 'json';
      if (rule?.erase === 'MASK') expect([type, field, maskable]).toEqual([type, field, true]);
    }
});

test('log lines mask whatever is called like a personal field, however deep', async () => {
  const lines: string[] = [];
  const sink = new Writable({ write: (chunk: Buffer, _, done) => done(void lines.push(chunk.toString())) });
  const log = makeLog('info', false, ROOT, sink);
  log.info({ requestId: 'r', input: { firstName: 'Zoe', tags: ['vip'], deep: [{ email: 'zoe@example.com', value: '1' }] } }, 'x');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    requestId: 'r',
    input: { firstName: MASK, tags: MASK, deep: [{ email: MASK, value: '1' }] },
  });
  expect(lines[0]).not.toMatch(/zoe|vip/i);
});
