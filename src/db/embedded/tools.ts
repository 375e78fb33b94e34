import path from 'node:path';
import { copyTools } from './copy-tools.js';
import { embeddedError } from './error.js';
import { makeExecutable, restoreLinks } from './links.js';
import { canReach } from './os-user.js';
import { findPackage, type PostgresPackage } from './package.js';
import { run, type OsUser } from './run.js';

/** PostgreSQL's programs, ready to be run as `user`. */
export interface Tools {
  initdb: string;
  pgCtl: string;
  postgres: string;
  major: number;
  user: OsUser | undefined;
}

type Say = (line: string) => void;

/** Finds the programs, mends or copies them where needed, and tries them. Throws a sentence when they cannot run. */
export async function prepareTools(user: OsUser | undefined, say: Say): Promise<Tools> {
  const pack = findPackage();
  const native = await findUsable(pack, user, say);
  const programs = programsIn(native);
  const { code, output } = await run(programs.postgres, ['--version'], user);
  const major = /PostgreSQL\) (\d+)/.exec(output)?.[1];
  if (code !== 0 || major === undefined) {
    throw embeddedError(
      `The PostgreSQL in ${native} does not run here (${output}). ` +
        `Run \`npm rebuild ${pack.name}\`, or set DATABASE_URL to a PostgreSQL 15 or newer.`,
    );
  }
  return { ...programs, major: Number(major), user };
}

async function findUsable(pack: PostgresPackage, user: OsUser | undefined, say: Say): Promise<string> {
  const links = await restoreLinks(pack.native);
  if (links === 'restored') {
    say("PostgreSQL's library links were missing (npm's install scripts were blocked) and have been restored.");
  }
  await makeExecutable(Object.values(programsIn(pack.native)));
  if (user && (links === 'blocked' || !(await reaches(user, pack.native)))) return copyTools(pack, user, say);
  if (links === 'blocked') {
    throw embeddedError(
      `PostgreSQL's library links are missing, because npm did not run the install script of ${pack.name}. ` +
        `Allow it and run \`npm rebuild ${pack.name}\`, or set DATABASE_URL to a PostgreSQL 15 or newer.`,
    );
  }
  return pack.native;
}

async function reaches(user: OsUser, native: string): Promise<boolean> {
  const program = await canReach(user, programsIn(native).postgres);
  return program && (await canReach(user, path.join(native, 'share/postgresql/postgres.bki'), 'r'));
}

function programsIn(native: string) {
  const program = (name: string): string => {
    return path.join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  };
  return { initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres') };
}
