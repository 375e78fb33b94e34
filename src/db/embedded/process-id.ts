import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CLEAN_ENV } from './run.js';

/** Whether a process with this id runs; one that ended and only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !/^[ZX]/.test(statFields(pid)[0] ?? '');
}

/** When the process started, as a text to compare: an id is given out again, this pair is not. Empty when unknown. */
export function startMark(pid: number): string {
  if (process.platform === 'linux') {
    const ticks = statFields(pid)[19];
    return ticks === undefined ? '' : `${readText('/proc/sys/kernel/random/boot_id').trim()}:${ticks}`;
  }
  return process.platform === 'win32' ? '' : askPs(pid, 'lstart=');
}

/** The command line, one argument a line where the system tells them apart. Empty when unknown. */
export function commandLine(pid: number): string {
  if (process.platform === 'linux') return readText(`/proc/${pid}/cmdline`).replaceAll('\0', '\n');
  return process.platform === 'win32' ? '' : askPs(pid, 'command=');
}

/** Fields 3 and on of /proc/<pid>/stat: field 2, the name, may hold spaces and parentheses. */
function statFields(pid: number): string[] {
  if (process.platform !== 'linux') return [];
  const text = readText(`/proc/${pid}/stat`);
  return text === '' ? [] : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function askPs(pid: number, column: string): string {
  return spawnSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8', env: CLEAN_ENV }).stdout?.trim() ?? '';
}
