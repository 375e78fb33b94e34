// Content hashes of files and folders: what "has anything changed" means to generate.mjs and build.mjs. Modification times
// would not do, a checkout or a copy changes them.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * One hash over the names and contents of the given files and folders; what does not exist counts as empty.
 *
 * @param {string} root
 * @param {string[]} inputs paths relative to root, with forward slashes
 * @param {{ skip?: string }} [options] skip: files whose path begins so do not count
 */
export function fingerprint(root, inputs, { skip } = {}) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    const target = path.join(root, input);
    if (!existsSync(target)) continue;
    const files = statSync(target).isDirectory() ? listFiles(target).map((file) => `${input}/${file}`) : [input];
    for (const file of files.filter((each) => !skip || !each.startsWith(skip)))
      hash.update(`\0${file}\0`).update(readFileSync(path.join(root, file)));
  }
  return hash.digest('hex');
}

/** Every file below a folder, sorted, as paths relative to it with forward slashes; none when the folder is missing. */
export function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}
