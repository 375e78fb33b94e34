import { CONNECTIONS } from '../settings.mjs';

const FIGURES = ['perSecond', 'p50', 'p99', 'serverMs', 'postgresMs'];

/**
 * Medians over the rounds. Ratios of Pulse to each other contender are taken within a round, where both sides met the same weather, and
 * then their median.
 *
 * @returns for each contender its figures by number of connections, memory, statements and round trips, and what Pulse's are to them.
 */
export function summarise(servers, measured, counted) {
  const runsOf = (name) => measured.filter((one) => one.name === name);
  return servers.map(({ contender: { name, title } }) => {
    const own = runsOf(name);
    const at = Object.fromEntries(
      CONNECTIONS.map((connections) => [connections, atConnections(own, runsOf('pulse'), connections)]),
    );
    return { name, title, at, memory: own.at(-1).memory, ...counted[name] };
  });
}

function atConnections(own, pulse, connections) {
  const runs = own.filter((one) => one.connections === connections);
  const pulseIn = ({ round }) => pulse.find((one) => one.round === round && one.connections === connections);
  const ratio = (figure) => rounded(median(runs.map((run) => pulseIn(run)[figure] / run[figure])));
  const figures = Object.fromEntries(FIGURES.map((figure) => [figure, rounded(median(runs.map((run) => run[figure])))]));
  return { ...figures, pulsePerSecond: ratio('perSecond'), pulseServerMs: ratio('serverMs') };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function rounded(value) {
  return Number(value.toFixed(2));
}
