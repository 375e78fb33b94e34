import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { bench } from '../settings.mjs';

/** What a reader must know to judge the figures, and no more of this computer. */
export function machine() {
  const cores = os.cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cores.length} × ${cores[0].model.replace(/\s+/g, ' ').trim()}`,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release().split('-')[0]}`,
    loadBefore: Number(os.loadavg()[0].toFixed(1)),
    postgraphile: versionOf(path.join(bench, 'package.json'), 'postgraphile'),
    prisma: versionOf(path.join(bench, '../package.json'), '@prisma/client'),
  };
}

function versionOf(from, name) {
  const { version } = JSON.parse(readFileSync(createRequire(from).resolve(`${name}/package.json`), 'utf8'));
  return version;
}
