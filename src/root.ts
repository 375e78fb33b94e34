import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, seen from the sources and from dist/ alike. @throws Error when there is none above this file. */
export function projectRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const above = path.dirname(folder);
    if (above === folder) throw new Error('Pulse must run from its own folder: package.json and schema/ were not found.');
    folder = above;
  }
  return folder;
}
