import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, validate } from 'graphql';
import { SETTINGS } from '../src/environment.js';
import { buildSchema } from '../src/graphql/schema.js';
import { ROOT } from './support/cluster.js';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const pages = ['README.md', 'CHANGELOG.md', ...list('docs').filter((file) => file.endsWith('.md'))];

function list(folder: string): string[] {
  const entries = readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}

/** What a section of a page holds, without its heading. */
function section(page: string, heading: string): string {
  return (
    read(page)
      .split(/^## /m)
      .find((part) => part.startsWith(`${heading}\n`)) ?? ''
  );
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** The name GitHub gives a heading in links. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

function anchorsIn(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading ?? ''));
}

test('the README lists every setting with its default, and no other', () => {
  const rows = [...section('README.md', 'Configuration').matchAll(/^\| *`(\w+)` *\| *(.*?) *\|/gm)];
  const listed = Object.fromEntries(rows.map(([, name, value = '']) => [name, /^`([^`]*)`$/.exec(value)?.[1] ?? 'none']));
  const fixed = (name: keyof typeof SETTINGS): string => {
    const value = SETTINGS[name].parse(undefined) ?? '';
    if (typeof value === 'boolean') return value ? 'on' : 'off';
    return (typeof value === 'object' ? '' : String(value)) || 'none';
  };
  const names = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
  // A default that depends on something else is told in words, not as a code; PULSE_DATA_DIR begins with one.
  expect(listed).toEqual(Object.fromEntries(names.map((name) => [name, fixed(name)])));
});

test('the operations in the README are valid', () => {
  const schema = buildSchema(ROOT);
  const text = read('README.md');
  const shell = [...text.matchAll(/^QUERY='([^']*)'/gm)].map(([, query = '']) => query);
  const bodies = [...text.matchAll(/-d '(\{"query":.*\})'/g)].map(
    ([, body = '']) => (JSON.parse(body) as { query: string }).query,
  );
  const blocks = [...text.matchAll(/^```graphql\n([\s\S]*?)^```$/gm)].map(([, query = '']) => query);
  expect([shell.length, bodies.length]).toEqual([1, 1]);
  for (const query of [...shell, ...bodies, ...blocks]) {
    expect([query, validate(schema, parse(query)).map((error) => error.message)]).toEqual([query, []]);
  }
});

test.each(pages)('%s links only to what is there', (page) => {
  const targets = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const broken = targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? page : path.join(path.dirname(page), file);
    return !existsSync(path.join(ROOT, found)) || (anchor !== undefined && !anchorsIn(found).includes(anchor));
  });
  expect(broken).toEqual([]);
});

test('decisions that the code refers to are written down', () => {
  const code = ['src', 'scripts', 'eslint', 'prisma'].flatMap(list).filter((file) => /\.([cm]?[jt]s|sql|prisma)$/.test(file));
  const named = code.flatMap((file) => read(file).match(/docs\/decisions\/[\w-]+\.md/g) ?? []);
  expect([...new Set(named)].filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});
