// Writes an axis down: bench/results/growth.json, a chart in docs/images, and a table between its marks in docs/BENCHMARKS.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bench, product } from '../settings.mjs';
import { intoDocument } from './document.mjs';
import { growthChart } from './growth-chart.mjs';
import { table } from './table.mjs';

/** A line is flat when its last point costs at most so many times its first one, in median ms and in processor time. */
const FLAT = 1.5;

/** @param {{ write: boolean }} options whether files are written, or the table only printed. */
export function reportAxis(axis, measured, { write }) {
  const text = [aboutText(measured.about), axis.isPerNode ? tableByNode(axis, measured) : tableByLine(axis, measured)].join(
    '\n\n',
  );
  console.log(`\n${text}\n`);
  for (const line of notFlat(axis, measured.points)) console.log(`Not flat: ${line}`);
  if (!write) return;
  keep(axis, measured);
  writeFileSync(path.join(product, `docs/images/growth-${axis.name}.svg`), growthChart(axis, measured.points));
  intoDocument(
    `<!-- growth by ${axis.name}: written by npm run bench:growth -->`,
    `<!-- end of growth by ${axis.name} -->`,
    `![${axis.title}: cost against ${axis.unit}](images/growth-${axis.name}.svg)\n\n${text}`,
  );
}

function keep({ name }, measured) {
  const file = path.join(bench, 'results/growth.json');
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  writeFileSync(file, `${JSON.stringify({ ...kept, [name]: measured }, null, 2)}\n`);
}

function aboutText({ date, processor, memoryGb, loadBefore, node, postgres, plan }) {
  return `${date}, ${processor}, ${memoryGb} GB, load average before ${loadBefore}, Node ${node}, PostgreSQL ${postgres}; medians of ${plan.rounds} rounds of ${plan.seconds} s, one caller.`;
}

function tableByLine({ label }, { points }) {
  const head = [
    'median ms / server CPU ms / PostgreSQL CPU ms',
    ...points.map(({ x }) => label(count(x))),
    'last to first, ms',
    'CPU',
  ];
  const rows = linesOf(points).map(({ title, at }) => [
    title,
    ...at.map(({ p50, serverMs, postgresMs }) => [p50, serverMs, postgresMs].map((ms) => ms.toFixed(2)).join(' / ')),
    ...growthOf(at).map((times) => times.toFixed(2)),
  ]);
  return table([head, ...rows]);
}

function tableByNode({ unit }, { points }) {
  const head = [unit, 'records returned', 'median ms', 'server CPU ms', 'PostgreSQL CPU ms', 'ms a record', 'CPU ms a record'];
  const rows = points.map(({ x, nodes, lines: [{ p50, serverMs, postgresMs }] }) => [
    count(x),
    count(nodes),
    ...[p50, serverMs, postgresMs].map((ms) => ms.toFixed(2)),
    ...[p50, serverMs + postgresMs].map((ms) => (ms / nodes).toFixed(3)),
  ]);
  return table([head, ...rows]);
}

function notFlat({ isPerNode }, points) {
  return linesOf(points).flatMap(({ title, at }) => {
    const part = (index) => (isPerNode ? points[index].nodes : 1);
    const more = growthOf(at).map((times) => (times * part(0)) / part(points.length - 1));
    return more.some((times) => times > FLAT) ? [`${title}, ${more.map((times) => `× ${times.toFixed(2)}`).join(' and ')}`] : [];
  });
}

/** How many times the first point's median and processor time the last one takes. */
function growthOf(at) {
  const [first, last] = [at[0], at.at(-1)];
  return [last.p50 / first.p50, cpu(last) / cpu(first)];
}

function linesOf(points) {
  return points[0].lines.map(({ title }, index) => ({ title, at: points.map(({ lines }) => lines[index]) }));
}

function cpu({ serverMs, postgresMs }) {
  return serverMs + postgresMs;
}

function count(number) {
  return number.toLocaleString('en');
}
