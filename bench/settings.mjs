import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The bench's folder, and the product's above it. */
export const bench = fileURLToPath(new URL('.', import.meta.url));
export const product = path.dirname(path.resolve(bench));

/** Data of the bench's own PostgreSQL, kept between runs: one folder a benchmark set. */
export const dataDirOf = (size) => path.join(bench, size === 'M' ? '.data' : `.data-${size}`);

/** No secret: signs tokens and derives passwords of a database that listens on this machine only. */
export const SECRET = 'a-secret-of-the-benchmark-and-of-nothing-else';

/** Connections a contender may open to PostgreSQL; the product's own default. */
export const POOL_SIZE = 10;

/** Benchmark sets: what `npm run seed` is told, and how many organizations each must have. */
export const SETS = { M: { seed: ['--size', 'M'], tenants: 20 }, L: { seed: ['--size', 'L'], tenants: 20 } };

/** What is measured: every contender in turn, at each number of connections, this many times. */
export const CONNECTIONS = [1, 8, 64];
export const FULL = { rounds: 3, seconds: 1.5, warmUp: 2 };
export const QUICK = { rounds: 1, seconds: 1, warmUp: 1 };
