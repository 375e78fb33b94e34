import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bench, product } from '../settings.mjs';

/** What a reader must know to judge the figures, and no more of this computer. */
export function computer() {
  const cores = os.cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cores.length} × ${cores[0].model.replace(/\s+/g, ' ').trim()}`,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release().split('-')[0]}`,
    loadBefore: Number(os.loadavg()[0].toFixed(1)),
  };
}

/** The same, with the versions of what Pulse is compared with. */
export function machine() {
  return {
    ...computer(),
    postgraphile: versionOf(bench, 'postgraphile'),
    prisma: versionOf(product, '@prisma/client'),
  };
}

function versionOf(folder, name) {
  return JSON.parse(readFileSync(path.join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
}
