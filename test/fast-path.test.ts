import type { ExecutionResult } from 'graphql';
import { executeCompiled, type Execute } from '../src/graphql/compiled/index.js';
import { openStage } from './support/app.js';
import { checkAlike, comparison } from './support/compare.js';

// Every query of all tests is executed by plans and by graphql-js (openStage), and fuzz asks thousands more. Here is that it would be noticed.

const QUERY = '{ organization { id name } }';

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

function reversed(record: object): object {
  return Object.fromEntries(Object.entries(record).reverse());
}
