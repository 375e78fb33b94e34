// Pulse several times in one process, each seen from outside in another way, on ports that it sends to its parent; any message is answered
// with the microseconds of processor time used so far.
import { pino } from 'pino';
import { buildApp } from '../../dist/src/app.js';
import { makeLog } from '../../dist/src/log.js';
import { openMetrics } from '../../dist/src/metrics.js';
import { openTraces } from '../../dist/src/traces.js';
import { pulseSettings } from './pulse-settings.mjs';
import { product } from '../settings.mjs';

const [appUrl, signinUrl, collector] = process.argv.slice(2);
const log = makeLog('info', false, product, pino.destination('/dev/null'));
const plain = { ...pulseSettings(appUrl, signinUrl), log };
const ways = {
  nothing: {},
  log: { logOperations: 'all' },
  metrics: { metrics: openMetrics() },
  traces: { traces: openTraces(collector, 'pulse-bench') },
};
const ports = {};
for (const [way, more] of Object.entries(ways)) {
  const app = await buildApp({ ...plain, ...more });
  await app.database.warmUp();
  await app.http.listen({ port: 0, host: '127.0.0.1' });
  ports[way] = app.http.server.address().port;
}
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send(user + system);
});
process.on('disconnect', () => process.exit());
process.send(ports);
