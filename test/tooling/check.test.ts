import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../support/cluster.js';
import { testCluster } from '../support/database.js';

const SECONDS = 1_000;

/** What the checks read; a link stands for node_modules. */
const FILES = [
  'codegen.yml',
  'docs/ERD.md',
  'package-lock.json',
  'package.json',
  'prisma',
  'prisma.config.ts',
  'schema',
  'scripts',
  'src',
  'tsconfig.json',
];

/** The scripts of scripts/check.mjs by the names it has for them. */
const CHECKS = {
  erd: ['scripts/erd.mjs', '--check'],
  generated: ['scripts/generate.mjs', '--check'],
  drift: ['--import', 'tsx', 'scripts/drift.mts'],
};

interface Outcome {
  code: number;
  output: string;
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pulse-check-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A copy of the project in which a test may change something. */
async function copyOfProject(): Promise<string> {
  const root = await mkdtemp(path.join(folder, 'project-'));
  for (const file of FILES) await cp(path.join(ROOT, file), path.join(root, file), { recursive: true });
  await symlink(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'), 'junction');
  return root;
}

function check(name: keyof typeof CHECKS, root: string): Promise<Outcome> {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, TEST_DATABASE_URL: testCluster().adminUrl };
  return new Promise((resolve) => {
    execFile(process.execPath, CHECKS[name], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` });
    });
  });
}

/** A column that no migration makes. */
async function addColumn(root: string): Promise<void> {
  const file = path.join(root, 'prisma/schema/deals.prisma');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^model Deal \{$/m, '$&\n  mood String?'));
}

const passed: Outcome = { code: 0, output: '' };

describe('npm run check', () => {
  test('runs these scripts', async () => {
    const script = await readFile(path.join(ROOT, 'scripts/check.mjs'), 'utf8');
    for (const [name, [...words]] of Object.entries(CHECKS)) {
      expect(script).toContain(`  ${name}: {`);
      for (const word of words.slice(-1)) expect(script).toContain(word);
    }
  });

  test(
    'passes on the project as it is, and says nothing',
    async () => {
      const root = await copyOfProject();
      // Without this the generated code would only be compared with itself.
      await rm(path.join(root, 'src/generated/.stamp'));
      expect(await Promise.all([check('erd', root), check('drift', root)])).toEqual([passed, passed]);
      expect(await check('generated', root)).toEqual(passed);
    },
    60 * SECONDS,
  );

  test(
    'fails on a diagram that does not show the schema',
    async () => {
      const root = await copyOfProject();
      await addColumn(root);
      expect(await check('erd', root)).toEqual({
        code: 1,
        output: 'docs/ERD.md does not show what prisma/schema says. Run: npm run erd\n',
      });
    },
    60 * SECONDS,
  );

  test(
    'fails on generated code that is not what the schemas say, or was edited',
    async () => {
      const root = await copyOfProject();
      await appendFile(path.join(root, 'schema/deals.graphql'), '\nextend type Deal {\n  mood: String\n}\n');
      await appendFile(path.join(root, 'src/generated/prisma/client.ts'), '\n// mended by hand\n');
      expect(await check('generated', root)).toEqual({
        code: 1,
        output: 'Generated code is stale. Run: npm run generate\n  src/generated/graphql.ts\n  src/generated/prisma/client.ts\n',
      });
      expect(await readFile(path.join(root, 'src/generated/graphql.ts'), 'utf8')).toBe(
        await readFile(path.join(ROOT, 'src/generated/graphql.ts'), 'utf8'),
      );
    },
    60 * SECONDS,
  );

  test(
    'fails on migrations that do not give the schema, and shows the SQL that is missing',
    async () => {
      const root = await copyOfProject();
      await addColumn(root);
      const { code, output } = await check('drift', root);
      expect(code).toBe(1);
      expect(output).toContain('prisma/migrations and prisma/schema disagree. After all migrations the database still needs:');
      expect(output).toMatch(/ALTER TABLE "(public"\.")?deals" ADD COLUMN +"mood" TEXT/);
      expect(output).toContain('Put this SQL into a new folder of prisma/migrations, or change prisma/schema back.');
    },
    60 * SECONDS,
  );
});
