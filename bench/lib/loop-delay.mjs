// Loaded into the server's process before the server: measures how late its event loop is, and says so when it is asked. Node's
// histogram samples every `resolution` ms; what a sample is later than that is the delay.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 5;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
histogram.enable();
process.on('message', (question) => {
  if (question === 'reset') histogram.reset();
  if (question === 'report')
    process.send({ p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), max: ms(histogram.max) });
});
process.channel?.unref();

function ms(nanoseconds) {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
}
