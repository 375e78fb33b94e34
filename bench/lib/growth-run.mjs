import { axes } from './growth-axes.mjs';
import { reportAxis } from './growth-report.mjs';
import { openPulse } from './growth-pulse.mjs';
import { computer } from './machine.mjs';
import { measure, startLoad } from './measure.mjs';
import { median } from './summary.mjs';

const FULL = { rounds: 3, seconds: 1, warmUp: 0.7 };
const QUICK = { rounds: 1, seconds: 0.5, warmUp: 0.5 };
const FIGURES = ['p50', 'serverMs', 'postgresMs'];

/**
 * Measures the axes one after the other, and writes each down when it is done.
 *
 * @param {{ only: string[], quick: boolean }} options axes by name, none for all; --quick writes nothing
 */
export async function runGrowth({ only, quick }) {
  const unknown = only.find((name) => !axes.some((axis) => axis.name === name));
  if (unknown) throw new Error(`--only is of ${axes.map(({ name }) => name).join(', ')}, not ${unknown}.`);
  const plan = quick ? QUICK : FULL;
  for (const axis of axes.filter(({ name }) => only.length === 0 || only.includes(name))) {
    console.log(`\n${axis.title}`);
    const about = { ...computer(), node: process.version, plan };
    const measured = await withEverythingStopped((open) => measureAxis(axis, { quick, plan, open }));
    reportAxis(axis, { about: { ...about, postgres: measured.postgres }, points: measured.points }, { write: !quick });
  }
}

/** Stops what was opened, the last first, also when somebody interrupts. */
async function withEverythingStopped(work) {
  const open = [];
  const closeAll = async () => {
    while (open.length > 0) await open.pop()();
  };
  const interrupted = () => void closeAll().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  try {
    return await work(open);
  } finally {
    process.off('SIGINT', interrupted);
    await closeAll();
  }
}

async function measureAxis(axis, { quick, plan, open }) {
  const start = async (set) => {
    const pulse = await openPulse(set);
    open.push(pulse.stop);
    return pulse;
  };
  const points = await axis.points(start, quick);
  const load = startLoad(process.execPath);
  open.push(async () => load.stop());
  const runs = await rounds(load, points, plan);
  return {
    postgres: points[0].pulse.version,
    points: points.map(({ x, nodes, lines }) => ({ x, nodes, lines: lines.map((line) => summed(line, runs.get(line))) })),
  };
}

/** All points in turn, in each round from another start, so that they have the same weather. One caller. */
async function rounds(load, points, { rounds: count, seconds, warmUp }) {
  const runs = new Map(points.flatMap(({ lines }) => lines.map((line) => [line, []])));
  for (let round = -1; round < count; round += 1) {
    const from = Math.max(0, round) % points.length;
    for (const { x, pulse, lines } of [...points.slice(from), ...points.slice(0, from)]) {
      for (const line of lines) {
        const job = { connections: 1, seconds: round < 0 ? warmUp : seconds };
        const figures = await measure(load, { pid: pulse.pid, requests: line.requests }, pulse.postmaster, job);
        if (round < 0) continue;
        runs.get(line).push(figures);
        say(round, x, line, figures);
      }
    }
  }
  return runs;
}

function summed({ name, title }, runs) {
  const figures = FIGURES.map((figure) => [figure, Number(median(runs.map((run) => run[figure])).toFixed(3))]);
  return { name, title, ...Object.fromEntries(figures) };
}

function say(round, x, { title }, { p50, serverMs, postgresMs }) {
  const figures = `${p50.toFixed(2).padStart(7)} ms  ${serverMs.toFixed(2)} + ${postgresMs.toFixed(2)} ms CPU`;
  console.log(`round ${round + 1}  ${String(x).padStart(9)}  ${title.padEnd(18)} ${figures}`);
}
