// What PostGraphile's users would have to write to get what Pulse does: functions over the tables and views that Pulse uses.
import { readFileSync } from 'node:fs';
import { sql } from '../../node_modules/kysely/dist/esm/index.js';
import { compile } from '../../dist/src/db/engine/sql.js';
import { scopeOf } from '../../dist/src/db/engine/scope.js';
import { sightOf } from '../../dist/src/db/sight.js';
import { graph } from '../../dist/src/domain/index.js';
import { searchStatement } from '../../dist/src/domain/search/queries.js';
import { formOf } from '../../dist/src/domain/search/question.js';

const TYPES = ['CONTACT', 'COMPANY', 'DEAL', 'ACTIVITY'];
const HITS = 20;

/** The SQL that makes them; it can be run again. */
export function sameWork() {
  const functions = readFileSync(new URL('functions.sql', import.meta.url), 'utf8');
  return functions.replace('/* the product’s ranked search */', () => rankedSearch());
}

/** Pulse's own statement for one word, with the function's parameter and setting in the place of what Pulse binds. */
function rankedSearch() {
  const form = formOf({ words: ['Words'], digits: null, types: TYPES }, false, { size: HITS, after: null });
  const ORG = '00000000-0000-7000-8000-000000000001';
  const USER = '00000000-0000-7000-8000-000000000002';
  const scope = scopeOf(
    { orgId: ORG, userId: USER, role: 'MEMBER', via: { kind: 'SESSION' } },
    { graph, tenantFilter: true, seesAll: () => false },
  );
  const { text, values } = compile(searchStatement(sightOf(scope), sql.raw('ARRAY[NULL, NULL, NULL, text]'), form));
  const settings = { [ORG]: "current_setting('app.org_id')::uuid", [USER]: "current_setting('app.user_id')::uuid" };
  return text.replace(/\$(\d+)/g, (_, n) => settings[values[n - 1]] ?? `'${values[n - 1]}'`);
}
