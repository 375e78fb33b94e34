// Keeps each work's figures in bench/results/<size>/<work>.json, and writes what is kept: bench/results/<size>.md, a chart, and for set M the
// tables between the marks in docs/BENCHMARKS.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CONNECTIONS, bench, product } from '../settings.mjs';
import { MIXED, works } from '../works/index.mjs';
import { chart } from './chart.mjs';
import { intoDocument } from './document.mjs';
import { table } from './table.mjs';
import { targets } from './targets.mjs';

const BEGIN = '<!-- figures: written by npm run bench -->';
const END = '<!-- end of figures -->';
const SHOWN = 8;

export function keep(size, { name, title, unlike = null }, { about, figures }) {
  const folder = path.join(bench, 'results', size);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify({ name, title, unlike, about, figures }, null, 2)}\n`);
}

/** @param {{ write: boolean }} options whether files are written, or the tables only printed. */
export function report(size, { write }) {
  const known = [...works, MIXED].flatMap(({ name }) => keptOf(size, name));
  if (known.length === 0) return;
  const text = [aboutText(known), overview(known), targets(known, SHOWN), ...known.map(detail)].join('\n\n');
  console.log(`\n${text}\n`);
  if (!write) return;
  writeFileSync(path.join(bench, 'results', `${size}.md`), `${text}\n`);
  writeFileSync(path.join(product, `docs/images/bench-${size}.svg`), chart(known, SHOWN));
  if (size !== 'M') return;
  writeFileSync(path.join(bench, 'results', 'latest.json'), `${JSON.stringify(known)}\n`);
  intoDocument(BEGIN, END, text);
}

function keptOf(size, name) {
  const file = path.join(bench, 'results', size, `${name}.json`);
  return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8'))] : [];
}

function aboutText(known) {
  const { about } = known[0];
  const { contacts, deals, activities } = about.rows;
  const count = (rows) => rows.toLocaleString('en');
  const all = (of) => [...new Set(known.map((work) => of(work.about)))].join(', ');
  return table([
    ['What', 'Which'],
    ['Date', all(({ date }) => date)],
    ['Machine', `${about.processor}, ${about.memoryGb} GB, ${about.system}`],
    ['Load average before the runs', all(({ loadBefore }) => String(loadBefore))],
    ['Node', `${all(({ node }) => node)} for every contender`],
    ['PostgreSQL', about.postgres],
    ['PostGraphile, Prisma', `${about.postgraphile}, ${about.prisma}`],
    ['Data', `20 organizations, ${count(contacts)} contacts, ${count(deals)} deals, ${count(activities)} activities`],
    ['Rounds', `${all(({ plan }) => `${plan.rounds} of ${plan.seconds} s`)} each; medians, ratios within a round`],
  ]);
}

function overview(known) {
  const of = (figures, name) => figures.find((one) => one.name === name)?.at[SHOWN];
  const rows = known.map(({ title, figures }) => {
    const [pulse, peer, usual, limit] = ['pulse', 'postgraphile', 'usual', 'limit'].map((name) => of(figures, name));
    const ratio = (other, figure) => (other ? other[figure].toFixed(2) : '–');
    return [
      title,
      pulse.perSecond.toFixed(0),
      ratio(peer, 'pulsePerSecond'),
      ratio(usual, 'pulsePerSecond'),
      ratio(limit, 'pulsePerSecond'),
      pulse.serverMs.toFixed(2),
      ratio(peer, 'pulseServerMs'),
      ratio(limit, 'pulseServerMs'),
    ];
  });
  const head = [
    `Pulse at ${SHOWN} connections`,
    'req/s',
    '× PostGraphile',
    '× the usual stack',
    '× the limit',
    'server CPU ms/req',
    '× PostGraphile’s',
    '× the limit’s',
  ];
  return table([head, ...rows]);
}

function detail({ title, unlike, figures }) {
  const each = (figure, digits) => (one) =>
    CONNECTIONS.map((connections) => one.at[connections][figure].toFixed(digits)).join(' / ');
  const columns = [
    ['req/s', each('perSecond', 0)],
    ['p50 ms', each('p50', 1)],
    ['p99 ms', each('p99', 1)],
    ['server CPU ms/req', each('serverMs', 2)],
    ['PostgreSQL CPU ms/req', each('postgresMs', 2)],
    ['SQL statements', (one) => String(one.statements)],
    ['round trips', (one) => String(one.roundTrips)],
    ['resident MB', (one) => String(one.memory)],
  ];
  const rows = figures.map((one) => [one.title, ...columns.map(([, text]) => text(one))]);
  const lines = [
    `**${title}**, at ${CONNECTIONS.join(' / ')} connections`,
    table([['Contender', ...columns.map(([name]) => name)], ...rows]),
  ];
  return [...lines, ...(unlike ? [`Not the same work: ${unlike}`] : [])].join('\n\n');
}
