// What is promised of each work, and whether a run kept it.
import { MIXED, works } from '../works/index.mjs';
import { table } from './table.mjs';

/** Each `least` or `most` is of Pulse's figure divided by the other's, at the connections shown. */
const OF_THE_GRAPH = [
  { what: 'requests to PostGraphile’s', against: 'postgraphile', figure: 'pulsePerSecond', least: 1.5 },
  { what: 'requests to the usual stack’s', against: 'usual', figure: 'pulsePerSecond', least: 4 },
  { what: 'processor time to PostGraphile’s', against: 'postgraphile', figure: 'pulseServerMs', most: 0.65 },
];
const OF_OTHERS = [{ what: 'requests to PostGraphile’s', against: 'postgraphile', figure: 'pulsePerSecond', least: 1 }];

/** @param known results as they are kept. @param connections which of their figures count. */
export function targets(known, connections) {
  const rows = [...works, MIXED].flatMap(({ name, title }) => {
    const result = known.find((one) => one.name === name);
    return result ? (name === 'graph' ? OF_THE_GRAPH : OF_OTHERS).map((target) => rowOf(title, target, result, connections)) : [];
  });
  return table([[`Target at ${connections} connections`, 'Promised', 'Measured', 'Kept'], ...rows]);
}

function rowOf(title, { what, against, figure, least, most }, { figures }, connections) {
  const measured = figures.find(({ name }) => name === against).at[connections][figure];
  const isKept = least === undefined ? measured <= most : measured >= least;
  const promised = least === undefined ? `≤ ${most.toFixed(2)}` : `≥ ${least.toFixed(2)}`;
  return [`${title}: ${what}`, promised, measured.toFixed(2), isKept ? 'yes' : '**no**'];
}
