// node --expose-gc verify-chain.mjs <owner's URL> <organization>: verifies a chain as audit:verify does, and prints time and memory as JSON.
import { restoreSignatures } from '../../dist/src/db/chain/restores.js';
import { verifyAll } from '../../dist/src/db/chain/verify-all.js';
import { SECRET } from '../settings.mjs';
import { withClient } from './database.mjs';

const MB = 1024 * 1024;
const [url, only] = process.argv.slice(2);
const heap = () => (globalThis.gc(), process.memoryUsage().heapUsed / MB);

await withClient(url, async (client) => {
  let checked = 0;
  let heapBefore = 0;
  const onPage = (facts) => {
    checked += facts;
    if (checked === 10_000) heapBefore = heap();
  };
  const started = performance.now();
  for await (const { report } of verifyAll(client, {
    anchors: [],
    verifyRestore: restoreSignatures(SECRET).verify,
    only,
    onPage,
  }))
    if (report?.firstBad) throw new Error(`Fact ${report.firstBad.seq}: ${report.firstBad.reason}`);
  const ms = performance.now() - started;
  const residentMost = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ checked, ms, heapBefore, heapAfter: heap(), residentMost }));
});
