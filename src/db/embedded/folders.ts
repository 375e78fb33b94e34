import { existsSync } from 'node:fs';
import { chmod, lchown, mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { OsUser } from './run.js';

/** Where root keeps what its PostgreSQL cannot reach in the project's own folder. */
export const SYSTEM_FOLDER = '/var/lib/pulse-crm';

/** Makes a folder, and those missing above it, that others may enter whatever the umask. Existing ones stay as is. */
export async function makeOpenFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) {
    await chmod(made, 0o755);
  }
}

export function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(path.dirname(folder));
}

/** Lets everybody read a tree of ours, and enter and run what its owner can. */
export async function openTree(root: string): Promise<void> {
  for (const entry of await listTree(root)) {
    if (entry.isLink) continue;
    const { mode } = await stat(entry.path);
    await chmod(entry.path, mode & 0o100 ? 0o755 : 0o644);
  }
}

export async function giveTree(root: string, user: OsUser): Promise<void> {
  for (const entry of await listTree(root)) {
    await lchown(entry.path, user.uid, user.gid);
  }
}

async function listTree(root: string): Promise<{ path: string; isLink: boolean }[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const inside = entries.map((entry) => ({
    path: path.join(entry.parentPath, entry.name),
    isLink: entry.isSymbolicLink(),
  }));
  return [{ path: root, isLink: false }, ...inside];
}
