import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../support/cluster.js';

/** What is loaded with some files, but for what they load later on: files of `src` and names of packages. */
function loadedWith(...entries: string[]): Set<string> {
  const loaded = new Set(entries);
  for (const file of loaded) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    for (const [, from = ''] of text.matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from '([^']+)';/gm))
      loaded.add(from.startsWith('.') ? path.join(path.dirname(file), from).replace(/\.js$/, '.ts') : from);
  }
  return loaded;
}

const inHouse = (loaded: Set<string>): string[] =>
  [...loaded].filter((name) => /^src\/(domain|graphql|http|generated)\//.test(name));
const packages = (loaded: Set<string>): string[] =>
  [...loaded].filter((name) => !name.endsWith('.ts') && !name.startsWith('node:'));

test('the first process of several forks the others before it loads a package but that for settings, and never loads a room', () => {
  const before = loadedWith('src/main.ts', 'src/first-process.ts');
  expect(packages(before)).toEqual(['zod']);
  expect(inHouse(before)).toEqual([]);
  const database = loadedWith('src/cluster-database.ts', 'src/log-lines.ts', 'prisma/seed/start.ts');
  expect(inHouse(database)).toEqual([]);
  expect(packages(database).sort()).toEqual(['graphile-worker', 'pg', 'pino']);
});

test('a process that serves loads neither the job queue nor what sends mails nor the list of common passwords', () => {
  const loaded = loadedWith('src/cluster-child.ts', 'src/cluster-requests.ts', 'src/log.ts');
  expect([...loaded]).toContain('@apollo/server');
  for (const name of ['graphile-worker', 'nodemailer', '@zxcvbn-ts/language-common']) expect([...loaded]).not.toContain(name);
});
