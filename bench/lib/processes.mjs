// What processes have used, from /proc: all threads of a server, and all processes of a PostgreSQL.
import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks of /proc a second: 100 on every Linux that Node runs on (USER_HZ). */
const TICKS_A_SECOND = 100;

/** Milliseconds of processor time a process has used so far, in user and system mode, over all of its threads. */
export function cpuOf(pid) {
  const { user, system } = stat(pid);
  return ms(user + system);
}

/** The same for a process, its children, and those of its children that have ended. */
export function cpuOfFamily(pid) {
  const parent = stat(pid);
  const children = childrenOf(pid).map((child) => child.user + child.system);
  return ms(children.reduce((sum, ticks) => sum + ticks, parent.user + parent.system + parent.endedUser + parent.endedSystem));
}

/** Resident memory in MB. */
export function memoryOf(pid) {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

export function parentOf(pid) {
  return stat(pid).parent;
}

function childrenOf(parent) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [stat(pid)];
      } catch {
        return []; // It has ended since the folder was read.
      }
    })
    .filter((found) => found.parent === parent);
}

/** Fields of proc(5), counted from behind the name, which may hold spaces. */
function stat(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return { parent: fields[1], user: fields[11], system: fields[12], endedUser: fields[13], endedSystem: fields[14] };
}

function ms(ticks) {
  return (ticks * 1000) / TICKS_A_SECOND;
}
