import { spawn } from 'node:child_process';
import path from 'node:path';

/** The account PostgreSQL runs under when Pulse itself is root. */
export interface OsUser {
  uid: number;
  gid: number;
  name: string;
}

export interface Outcome {
  code: number | null;
  output: string;
}

export const CLEAN_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Runs a program to its end, as `user` when given. Never rejects: one that cannot be started has `code: null`. */
export function run(command: string, args: string[], user?: OsUser): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...spawnOptions(user), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output: output.trim() }));
  });
}

/** What every child gets. It works in the root: PostgreSQL complains about a folder that its user may not enter. */
export function spawnOptions(user?: OsUser) {
  return {
    cwd: path.parse(process.execPath).root,
    env: CLEAN_ENV,
    windowsHide: true,
    ...(user && { uid: user.uid, gid: user.gid }),
  };
}
