import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { EXAMPLES } from '../explorer/examples.js';
import { openStage, PASSWORD, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';
import type { Organization } from './support/world.js';

/** Debian's, Chrome's, or the one that CHROMIUM_PATH names. */
const BROWSER = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (file) => file !== undefined && existsSync(file),
);
const REQUIRED = process.env['PULSE_BROWSER_TESTS'] === 'required';
const inBrowser = BROWSER || REQUIRED ? describe : describe.skip;
const SECONDS = 1_000;

let folder: string;
let stage: Stage;
let org: Organization;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pulse-explorer-'));
  const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js');
  const bundled = spawnSync(process.execPath, [vite, 'build', '--config', 'explorer/vite.config.ts', '--outDir', folder], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' },
  });
  if (bundled.status !== 0) throw new Error(bundled.stderr);
  stage = await openStage({ explorerFolder: folder, schemaReaders: 'admins', secureCookies: false });
  org = await stage.world.organization();
}, 60 * SECONDS);
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the explorer is served with a policy that allows this origin only', async () => {
  const page = await fetch(`${stage.url}/graphiql`);
  expect(page.status).toBe(200);
  expect(page.url).toBe(`${stage.url}/graphiql/`);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const [script = ''] = /\/graphiql\/assets\/[\w-]+\.js/.exec(await page.text()) ?? [];
  const asset = await fetch(`${stage.url}${script}`);
  expect(asset.headers.get('cache-control')).toContain('immutable');
  // An answer that nobody reads to its end keeps its connection busy, and the server waits for it when it closes.
  expect(await asset.text()).toContain('graphiql');
  expect(await (await fetch(`${stage.url}/graphiql/settings.json`)).json()).toEqual({ openSchema: false, demo: null });
  const outside = await fetch(`${stage.url}/graphiql/../package.json`);
  expect([outside.status, await outside.text()]).toEqual([404, expect.any(String)]);
});

test('an administrator may read the schema where strangers may not', async () => {
  const asked = '{ __schema { queryType { name } } }';
  for (const role of ['OWNER', 'ADMIN'] as const)
    expect((await stage.send(asked, { token: stage.tokenOf(org, role) })).data.__schema.queryType.name).toBe('Query');
  for (const token of [undefined, stage.tokenOf(org, 'MANAGER'), stage.tokenOf(org, 'VIEWER')]) {
    const hidden = 'query { ...Hidden } fragment Hidden on Query { viewer { id } __type(name: "Deal") { name } }';
    for (const query of [asked, hidden]) {
      const { status, errors } = await stage.send(query, { token });
      expect([status, errors?.map(({ extensions }) => extensions.code)]).toEqual([400, ['GRAPHQL_VALIDATION_FAILED']]);
    }
  }
  expect((await stage.send('{ __typename }')).data.__typename).toBe('Query');
});

test.each(EXAMPLES.map((example): [string, (typeof EXAMPLES)[number]] => [example.name, example]))(
  'the example “%s” works',
  async (_, { query, variables }) => {
    const given = variables ? (JSON.parse(variables) as Record<string, unknown>) : undefined;
    const { errors } = await stage.send(query, { token: stage.tokenOf(org, 'ADMIN'), variables: given });
    expect(errors).toBeUndefined();
  },
);

inBrowser('in a real browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];
  const elsewhere: string[] = [];

  beforeAll(async () => {
    if (!BROWSER)
      throw new Error('There is no Chromium here: install it (Debian: apt-get install chromium), or set CHROMIUM_PATH.');
    const isRoot = process.getuid?.() === 0;
    browser = await chromium.launch({
      executablePath: BROWSER,
      chromiumSandbox: !isRoot,
      args: [
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['data:', 'blob:'].includes(protocol) && origin !== stage.url) elsewhere.push(request.url());
    });
  }, 60 * SECONDS);
  afterAll(() => browser?.close());

  /** The editor takes a moment to know its operation; a press before that does nothing, so one presses again. */
  async function run(awaited: string): Promise<void> {
    const found = page.locator('.graphiql-response').getByText(awaited).first();
    for (let press = 0; press < 10; press += 1) {
      await page.getByRole('button', { name: 'Execute query (Ctrl-Enter)' }).click();
      if (
        await found.waitFor({ timeout: 3 * SECONDS }).then(
          () => true,
          () => false,
        )
      )
        return;
    }
    throw new Error(`The answer does not show ${awaited}: ${await page.locator('.graphiql-response').innerText()}`);
  }

  test(
    'an admin signs in, runs the deal graph, sees the answer, and is still signed in after a reload',
    async () => {
      await stage.world.deal(org, { title: 'Unmistakable' });
      await page.goto(`${stage.url}/graphiql`);
      await page.getByLabel('E-mail').fill(org.users.ADMIN.email);
      await page.getByLabel('Password').fill('not the password');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').filter({ hasText: 'wrong' }).waitFor();
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('ADMIN Person').waitFor();
      await run('Unmistakable');
      const screenshot = process.env['PULSE_SCREENSHOT'];
      if (screenshot) await page.screenshot({ path: screenshot });
      await page.reload();
      await page.getByText('ADMIN Person').waitFor();
    },
    60 * SECONDS,
  );

  test(
    'the docs show the schema, and signing out leaves nothing to go on with',
    async () => {
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: false }).first().waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      await page.reload();
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
    },
    60 * SECONDS,
  );

  test('no request left the origin, and nothing broke the policy', () => {
    expect(elsewhere).toEqual([]);
    expect(complaints.filter((text) => /Content Security Policy|Refused|violates|Error/i.test(text))).toEqual([]);
  });
});

if (!BROWSER && !REQUIRED) {
  test.skip('SKIPPED: there is no Chromium here (apt-get install chromium, or set CHROMIUM_PATH)', () => undefined);
}
