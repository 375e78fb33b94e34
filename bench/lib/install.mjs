import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { bench, product } from '../settings.mjs';

/** Installs what the contenders need into bench/node_modules, unless it is there, and builds the product if it changed. */
export async function installDependencies() {
  const installed = path.join(bench, 'node_modules/.package-lock.json');
  const locked = path.join(bench, 'package-lock.json');
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(locked).mtimeMs) {
    console.log('Installing the contenders …');
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], bench);
  }
  run(process.execPath, ['scripts/build.mjs', '--if-stale'], product);
}

/** The Node that runs every contender: the one that bench/package.json names, for PostGraphile needs 22 or newer. */
export function contenderNode() {
  const require = createRequire(import.meta.url);
  try {
    const folder = path.dirname(require.resolve(`node-linux-${process.arch}/package.json`));
    return path.join(folder, 'bin/node');
  } catch {
    if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
    throw new Error(`PostGraphile needs Node 22 or newer, and this is ${process.version}. Run the bench with a newer one.`);
  }
}

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${path.basename(command)} ${args.join(' ')} failed; see above.`);
}
