import { PEER } from '../contenders/index.mjs';
import { CONNECTIONS } from '../settings.mjs';

const FIGURES = ['perSecond', 'p50', 'p99', 'serverMs', 'postgresMs'];

/**
 * Medians over the rounds. Ratios are taken within a round, where both sides met the same weather, and then their median.
 *
 * @returns for each contender its figures by number of connections, memory, statements and round trips.
 */
export function summarise(servers, measured, counted) {
  return servers.map(({ contender: { name, title } }) => {
    const own = measured.filter((one) => one.name === name);
    const at = Object.fromEntries(CONNECTIONS.map((connections) => [connections, atConnections(own, measured, connections)]));
    return { name, title, at, memory: own.at(-1).memory, ...counted[name] };
  });
}

function atConnections(own, measured, connections) {
  const runs = own.filter((one) => one.connections === connections);
  const peerOf = ({ round }) =>
    measured.find((one) => one.name === PEER && one.round === round && one.connections === connections);
  const ratio = (figure) => rounded(median(runs.map((run) => run[figure] / peerOf(run)[figure])));
  const figures = Object.fromEntries(FIGURES.map((figure) => [figure, rounded(median(runs.map((run) => run[figure])))]));
  return { ...figures, perSecondToPeer: ratio('perSecond'), serverMsToPeer: ratio('serverMs') };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function rounded(value) {
  return Number(value.toFixed(2));
}
