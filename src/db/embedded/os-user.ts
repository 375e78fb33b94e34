import { embeddedError } from './error.js';
import { run, type OsUser } from './run.js';

const NAME = 'postgres';
const USERADD = ['useradd', '--system', '--no-create-home', '--shell', '/usr/sbin/nologin'];
const WAYS_TO_CREATE = [
  [...USERADD, NAME],
  [...USERADD, '--gid', NAME, NAME],
  ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin', NAME],
];

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The account that root starts PostgreSQL under, made when the system has none (PostgreSQL refuses to run as root).
 * Throws a sentence when it cannot be made or root may not switch to it.
 */
export async function getPostgresUser(say: (line: string) => void): Promise<OsUser> {
  const user = (await findUser()) ?? (await createUser(say));
  const { code, output } = await run('true', [], user);
  if (code !== 0) {
    throw embeddedError(`Root may not run programs as the system user ${NAME} here (${output}). ${ADVICE}`);
  }
  return user;
}

/** Asks the kernel itself, as that user, so that access lists, mounts and the like are heard too. */
export async function canReach(user: OsUser, path: string, right: 'x' | 'r' = 'x'): Promise<boolean> {
  const { code } = await run('/bin/sh', ['-c', `test -${right} "$1"`, 'sh', path], user);
  return code === 0;
}

const ADVICE = 'Start Pulse as an ordinary user, or set DATABASE_URL to a PostgreSQL 15 or newer.';

async function findUser(): Promise<OsUser | undefined> {
  const [uid, gid] = await Promise.all([run('id', ['-u', NAME]), run('id', ['-g', NAME])]);
  if (uid.code !== 0 || gid.code !== 0) return undefined;
  return { uid: Number(uid.output), gid: Number(gid.output), name: NAME };
}

async function createUser(say: (line: string) => void): Promise<OsUser> {
  let reason = '';
  for (const [command = '', ...args] of WAYS_TO_CREATE) {
    const { output } = await run(command, args);
    const user = await findUser();
    if (user) {
      say(`Created the system user ${NAME}, because PostgreSQL refuses to run as root.`);
      return user;
    }
    reason ||= output;
  }
  throw embeddedError(
    `PostgreSQL refuses to run as root, and the system user ${NAME} could not be created (${reason}). ${ADVICE}`,
  );
}
