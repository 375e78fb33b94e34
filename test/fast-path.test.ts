import { makeExecutableSchema } from '@graphql-tools/schema';
import { parse, type ExecutionResult } from 'graphql';
import { executeAsIs, executeCompiled, type Execute } from '../src/graphql/compiled/index.js';
import type { GraphContext } from '../src/graphql/context.js';
import { openStage } from './support/app.js';
import { checkAlike, comparison } from './support/compare.js';

// Every operation of all tests is executed by plans and by graphql-js (openStage), and fuzz asks thousands more. Here is that it would be noticed.

const QUERY = '{ organization { id name } }';
const MUTATION = 'mutation { createCompany(input: { name: "Acme" }) { company { name website } } }';

/** Plans that answer as they do, but for what `change` makes of it. */
function changed(change: (answer: ExecutionResult) => ExecutionResult): typeof executeCompiled {
  return (schema) => {
    const execute: Execute = executeCompiled(schema);
    return async (operation) => change(await execute(operation));
  };
}

test.each<[string, (answer: ExecutionResult) => ExecutionResult]>([
  ['another value', ({ data }) => ({ data: { organization: { ...(data?.['organization'] as object), name: 'Other' } } })],
  ['another order of fields', ({ data }) => ({ data: { organization: reversed(data?.['organization'] as object) } })],
  ['a missing answer', () => ({ data: { organization: null } })],
])('a query that plans answer otherwise than graphql-js is found: %s', async (_, change) => {
  const both = comparison(changed(change));
  const stage = await openStage({ executor: both.executor });
  const org = await stage.world.organization();
  await stage.send(QUERY, { token: stage.tokenOf(org) });
  await stage.close();
  expect(both.compared).toBe(1);
  expect(() => checkAlike(both)).toThrow(/1 operations were answered otherwise.*organization \{ id name \}/s);
});

test('a mutation whose payload plans answer otherwise is found, and carried out once', async () => {
  const both = comparison(
    changed((answer) => (companyIn(answer) ? { data: { createCompany: { company: reversed(companyIn(answer)) } } } : answer)),
  );
  const stage = await openStage({ executor: both.executor });
  const token = stage.tokenOf(await stage.world.organization());
  await stage.send(MUTATION, { token });
  const { data } = await stage.send('{ companies { totalCount } }', { token });
  await stage.close();
  expect(data).toEqual({ companies: { totalCount: 1 } });
  expect(() => checkAlike(both)).toThrow(/1 operations were answered otherwise.*createCompany/s);
});

function companyIn({ data }: ExecutionResult): object | undefined {
  return (data?.['createCompany'] as { company: object } | undefined)?.company;
}

describe('several fields of a mutation', () => {
  const SDL = `
    type Query { none: Boolean }
    type Mutation { add(word: String!, fails: Boolean): Added need(word: String!, fails: Boolean): Added! }
    type Added { word: String! late: String fails: String! }`;
  const DOCUMENTS = [
    'mutation { first: add(word: "a") { word late } second: need(word: "b") { late word } third: add(word: "c") { word } }',
    'mutation { first: add(word: "a", fails: true) { word } second: add(word: "b") { late } }',
    'mutation { first: add(word: "a") { word fails } second: add(word: "b") { late } }',
    'mutation { first: add(word: "a") { late } second: need(word: "b", fails: true) { word } third: add(word: "c") { word } }',
    'mutation { first: add(word: "a") { late } second: need(word: "b") { fails } third: add(word: "c") { word } }',
    'mutation ($on: Boolean!) { add(word: "a") @skip(if: $on) { word } need(word: "b") { __typename } __typename }',
  ];

  /** What a way of executing answers, and in which order things happened. */
  async function outcome(make: typeof executeCompiled, text: string): Promise<unknown> {
    const happened: string[] = [];
    const later = async (what: string): Promise<void> => {
      happened.push(`${what} begins`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      happened.push(`${what} ends`);
    };
    const verb = async (_: unknown, { word, fails }: { word: string; fails?: boolean }): Promise<object> => {
      await later(word);
      if (fails) throw new Error(`${word} fails`);
      return { word };
    };
    const resolvers = {
      Mutation: { add: verb, need: verb },
      Added: {
        late: ({ word }: { word: string }) => later(`the payload of ${word}`).then(() => word),
        fails: () => Promise.reject(new Error('the payload fails')),
      },
    };
    const execute = make(makeExecutableSchema({ typeDefs: SDL, resolvers }));
    const answer = await execute({
      document: parse(text),
      operationName: null,
      variables: { on: true },
      context: undefined as unknown as GraphContext,
    });
    return { ...JSON.parse(JSON.stringify(answer)), happened };
  }

  test.each(DOCUMENTS)('happen one after the other, as with graphql-js: %s', async (text) => {
    const [plans, plain] = await Promise.all([outcome(executeCompiled, text), outcome(executeAsIs, text)]);
    expect(plans).toEqual(plain);
    expect(plans).toHaveProperty('happened.0', expect.stringMatching(/begins$/));
  });
});

function reversed(record: object = {}): object {
  return Object.fromEntries(Object.entries(record).reverse());
}
