import { existsSync } from 'node:fs';
import { access, chmod, constants, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';

interface Link {
  source: string;
  target: string;
}

/**
 * Does what the package's install script does: npm packages cannot hold links, so pg-symlinks.json lists them. Without
 * them initdb dies on `libicuuc.so.60: cannot open shared object file`. Answers what it found and could do.
 */
export async function restoreLinks(native: string): Promise<'whole' | 'restored' | 'blocked'> {
  const missing = (await listLinks(native)).filter(({ target }) => !existsSync(target));
  try {
    for (const { source, target } of missing) {
      await symlink(path.relative(path.dirname(target), source), target).catch(ignoreExisting);
    }
  } catch {
    return 'blocked';
  }
  return missing.length === 0 ? 'whole' : 'restored';
}

/** Some package managers lose the executable bit. Best effort: the version check tells if it did not help. */
export async function makeExecutable(programs: string[]): Promise<void> {
  if (process.platform === 'win32') return;
  for (const program of programs) {
    await access(program, constants.X_OK).catch(() => chmod(program, 0o755).catch(() => undefined));
  }
}

/** The list's paths start with `native/`; a copy of that folder has another name. */
async function listLinks(native: string): Promise<Link[]> {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links = JSON.parse(await readFile(list, 'utf8')) as Link[];
  const place = (file: string): string => path.join(native, path.relative('native', file));
  return links.map(({ source, target }) => ({ source: place(source), target: place(target) }));
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
