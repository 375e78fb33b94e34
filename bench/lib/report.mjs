// Prints the figures, and keeps them: bench/results/latest.json, and the tables between the marks in docs/BENCHMARKS.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CONNECTIONS, bench, product } from '../settings.mjs';
import { table } from './table.mjs';

const BEGIN = '<!-- figures: written by npm run bench -->';
const END = '<!-- end of figures -->';

/** @param {{ keep: boolean }} options whether this run is one to remember. */
export function report(about, summary, { keep }) {
  const text = [aboutText(about), ...CONNECTIONS.map((connections) => loadTable(summary, connections)), costTable(summary)].join(
    '\n\n',
  );
  console.log(`\n${text}\n`);
  if (!keep) return;
  writeFileSync(path.join(bench, 'results/latest.json'), `${JSON.stringify({ about, summary }, null, 2)}\n`);
  const file = path.join(product, 'docs/BENCHMARKS.md');
  if (!existsSync(file)) return;
  const document = readFileSync(file, 'utf8');
  const [before, after] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`docs/BENCHMARKS.md has lost the marks “${BEGIN}” and “${END}”.`);
  writeFileSync(file, `${document.slice(0, before + BEGIN.length)}\n\n${text}\n\n${document.slice(after)}`);
}

function aboutText(about) {
  const { contacts, deals, activities } = about.rows;
  const count = (rows) => rows.toLocaleString('en');
  return table([
    ['What', 'Which'],
    ['Date', about.date],
    ['Machine', `${about.processor}, ${about.memoryGb} GB, ${about.system}; load average before the run ${about.loadBefore}`],
    ['Node', `${about.node} for every contender`],
    ['PostgreSQL', about.postgres],
    ['PostGraphile, Prisma', `${about.postgraphile}, ${about.prisma}`],
    ['Data', `20 organizations, ${count(contacts)} contacts, ${count(deals)} deals, ${count(activities)} activities`],
    ['Rounds', `${about.plan.rounds} of ${about.plan.seconds} s each; medians, ratios within a round`],
  ]);
}

function loadTable(summary, connections) {
  const head = [
    'Contender',
    'req/s',
    '× PostGraphile',
    'p50 ms',
    'p99 ms',
    'server CPU ms/req',
    '× PostGraphile',
    'PostgreSQL CPU ms/req',
  ];
  const rows = summary.map(({ title, at: { [connections]: figures } }) => [
    title,
    figures.perSecond.toFixed(0),
    figures.perSecondToPeer.toFixed(2),
    figures.p50.toFixed(1),
    figures.p99.toFixed(1),
    figures.serverMs.toFixed(2),
    figures.serverMsToPeer.toFixed(2),
    figures.postgresMs.toFixed(2),
  ]);
  return `**${connections} ${connections === 1 ? 'connection' : 'connections'}**\n\n${table([head, ...rows])}`;
}

function costTable(summary) {
  const head = ['Contender', 'SQL statements', 'round trips', 'resident MB'];
  const rows = summary.map(({ title, statements, roundTrips, memory }) => [
    title,
    String(statements),
    String(roundTrips),
    String(memory),
  ]);
  return `**An operation, and the process after the run**\n\n${table([head, ...rows])}`;
}
