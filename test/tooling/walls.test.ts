import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { wallConfigs } from '../../eslint/walls.js';

const cwd = fileURLToPath(new URL('../..', import.meta.url));

/** The files below need not exist, so the rules that ask the type checker are off. */
const untyped = [{ files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked }] as Linter.Config[];
const house = new ESLint({ cwd, overrideConfig: untyped });

async function complaints(file: string, code: string, eslint = house): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: file });
  const rules = ['no-restricted-imports', 'no-restricted-properties', 'no-restricted-syntax', 'no-console'];
  const fatal = result!.messages.filter((message) => message.fatal);
  expect(fatal).toEqual([]);
  return result!.messages.filter((message) => rules.includes(message.ruleId ?? '')).map((message) => message.message);
}

const value = (from: string) => `import { thing } from '${from}';\nexport const used = thing;\n`;
const type = (from: string) => `import type { Thing } from '${from}';\nexport type Used = Thing;\n`;

type Case = [file: string, code: string];

const refused: Record<string, Case[]> = {
  'the way is http → graphql → domain → db, never back': [
    ['src/db/find.ts', value('../domain/deals/deals.js')],
    ['src/db/engine/find.ts', value('../../graphql/context.js')],
    ['src/db/find.ts', value('../http/server.js')],
    ['src/domain/deals/deals.ts', value('../../graphql/context.js')],
    ['src/domain/permissions.ts', value('../http/server.js')],
    ['src/domain/index.ts', value('../graphql/context.js')],
    ['src/domain/audit/audit.ts', type('../../graphql/context.js')],
    ['src/domain/audit/queries.ts', value('../../http/server.js')],
    ['src/graphql/context.ts', value('../http/server.js')],
    ['src/domain/deals/deals.ts', "export * from '../../http/server.js';\n"],
  ],
  'stages get their settings as arguments': [
    ['src/db/pool.ts', value('../config.js')],
    ['src/domain/deals/deals.ts', value('../../config.js')],
    ['src/graphql/server.ts', value('../environment.js')],
    ['src/graphql/context.ts', value('../app.js')],
    ['src/http/server.ts', value('../config.js')],
    ['src/http/server.ts', value('../main.js')],
    ['src/db/pool.ts', value('../seed-cli.js')],
  ],
  'a room shows its neighbours one file': [
    ['src/domain/contacts/contacts.ts', value('../deals/graph.js')],
    ['src/domain/contacts/contacts.ts', value('../deals/rules.js')],
    ['src/domain/contacts/graph.ts', value('../deals/graph.js')],
    ['src/domain/contacts/resolvers.ts', value('../deals/resolvers.js')],
    ['src/domain/reports/queries.ts', value('../deals/rules.js')],
    ['src/domain/permissions.ts', value('./deals/rules.js')],
  ],
  'rooms that own rows never import those that read or run jobs': [
    ['src/domain/deals/deals.ts', value('../audit/audit.js')],
    ['src/domain/contacts/graph.ts', value('../search/search.js')],
    ['src/domain/auth/auth.ts', value('../webhooks/webhooks.js')],
  ],
  'only src/db speaks to PostgreSQL and Prisma': [
    ['src/domain/deals/deals.ts', value('pg')],
    ['src/domain/deals/deals.ts', value('kysely')],
    ['src/domain/deals/graph.ts', value('kysely')],
    ['src/domain/deals/deals.ts', value('@prisma/client')],
    ['src/domain/deals/deals.ts', type('../../generated/prisma/client.js')],
    ['src/domain/deals/deals.ts', type('../../generated/kysely/tables.js')],
    ['src/domain/deals/graph.ts', value('../../generated/kysely/tables.js')],
    ['src/domain/deals/queries.ts', value('kysely')],
    ['src/domain/audit/queries.ts', value('pg')],
    ['src/domain/reports/queries/forecast.ts', value('pg')],
    ['src/domain/audit/audit.ts', value('kysely')],
    ['src/graphql/context.ts', value('kysely')],
    ['src/http/health.ts', value('pg')],
    ['src/main.ts', value('pg')],
    ['src/lib/money.ts', value('kysely')],
  ],
  'rooms see only the doors of src/db': [
    ['src/domain/deals/deals.ts', value('../../db/pool.js')],
    ['src/domain/deals/graph.ts', value('../../db/engine/compile.js')],
    ['src/domain/permissions.ts', value('../db/setup/index.js')],
  ],
  'src/lib imports nothing else of src': [
    ['src/lib/money.ts', value('../errors.js')],
    ['src/lib/money.ts', value('../db/index.js')],
    ['src/lib/text/words.ts', value('../../caller.js')],
  ],
  'the seed imports pg and src/lib only': [
    ['prisma/seed.ts', value('../src/db/index.js')],
    ['prisma/seed/deals.ts', value('../../src/domain/deals/deals.js')],
    ['prisma/seed/deals.ts', value('@prisma/client')],
    ['prisma/seed/deals.ts', value('kysely')],
  ],
  'only src/config.ts reads the environment, and nothing in src writes to the console': [
    ['src/db/pool.ts', 'export const url = process.env.DATABASE_URL;\n'],
    ['src/main.ts', 'const { env } = process;\nexport const url = env.DATABASE_URL;\n'],
    ['src/http/server.ts', "import { env } from 'node:process';\nexport const url = env.PORT;\n"],
    ['src/http/server.ts', 'export const url = globalThis.process.env.PORT;\n'],
    ['src/http/server.ts', "console.log('hello');\n"],
  ],
};

const allowed: Case[] = [
  ['src/http/server.ts', value('../graphql/server.js')],
  ['src/graphql/context.ts', value('../domain/index.js')],
  ['src/graphql/schema.ts', value('graphql')],
  ['src/domain/deals/deals.ts', value('../../db/index.js')],
  ['src/domain/deals/deals.ts', value('../../db/change.js')],
  ['src/domain/deals/graph.ts', value('../../db/graph.js')],
  ['src/domain/deals/graph.ts', type('../../generated/kysely/tables.js')],
  ['src/domain/deals/resolvers.ts', type('../../generated/graphql.js')],
  ['src/domain/deals/deals.ts', value('../contacts/contacts.js')],
  ['src/domain/deals/deals.ts', value('./rules.js')],
  ['src/domain/deals/deals.ts', value('../permissions.js')],
  ['src/domain/deals/deals.ts', value('../../errors.js')],
  ['src/domain/deals/deals.ts', type('../../caller.js')],
  ['src/domain/deals/deals.ts', value('../../lib/decimal.js')],
  ['src/domain/index.ts', value('./deals/graph.js')],
  ['src/domain/index.ts', value('./audit/resolvers.js')],
  ['src/domain/reports/queries.ts', value('kysely')],
  ['src/domain/reports/queries/forecast.ts', value('kysely')],
  ['src/domain/reports/queries.ts', type('../../generated/kysely/tables.js')],
  ['src/domain/gdpr/gdpr.ts', value('../audit/audit.js')],
  ['src/db/pool.ts', value('pg')],
  ['src/db/pool.ts', value('../errors.js')],
  ['src/db/engine/compile.ts', value('kysely')],
  ['src/db/engine/compile.ts', type('../../generated/kysely/tables.js')],
  ['src/lib/decimal.ts', value('./text/words.js')],
  ['src/lib/text/words.ts', value('../decimal.js')],
  ['src/main.ts', value('./config.js')],
  ['src/config.ts', 'export const url = process.env.DATABASE_URL;\n'],
  ['prisma/seed/deals.ts', value('pg')],
  ['prisma/seed/deals.ts', value('../../src/lib/uuid.js')],
  ['test/deals.test.ts', value('../src/domain/deals/rules.js')],
  ['test/deals.test.ts', value('pg')],
];

describe.each(Object.entries(refused))('%s', (_wall, cases) => {
  test.each(cases)('%s may not hold %j', async (file, code) => {
    expect(await complaints(file, code)).toHaveLength(1);
  });
});

describe('what the walls let through', () => {
  test.each(allowed)('%s may hold %j', async (file, code) => {
    expect(await complaints(file, code)).toEqual([]);
  });
});

test('a new room is walled in from its first file on', async () => {
  const parser = { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } } as Linter.Config;
  const walls = wallConfigs(['deals', 'quotes']);
  const eslint = new ESLint({ cwd, overrideConfigFile: true, baseConfig: [parser, ...walls] });
  expect(await complaints('src/domain/quotes/quotes.ts', value('../deals/rules.js'), eslint)).toHaveLength(1);
  expect(await complaints('src/domain/deals/deals.ts', value('../quotes/graph.js'), eslint)).toHaveLength(1);
  expect(await complaints('src/domain/quotes/quotes.ts', value('../audit/audit.js'), eslint)).toHaveLength(1);
  expect(await complaints('src/domain/quotes/quotes.ts', value('../deals/deals.js'), eslint)).toEqual([]);
});

test('generated code is not linted', async () => {
  expect(await house.isPathIgnored('src/generated/graphql.ts')).toBe(true);
});
