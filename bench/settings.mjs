import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The bench's folder, and the product's above it. */
export const bench = fileURLToPath(new URL('.', import.meta.url));
export const product = path.dirname(path.resolve(bench));

/** Data of the bench's own PostgreSQL, kept between runs. */
export const dataDir = path.join(bench, '.data');

/** No secret: signs tokens and derives passwords of a database that listens on this machine only. */
export const SECRET = 'a-secret-of-the-benchmark-and-of-nothing-else';

/** Connections a contender may open to PostgreSQL; the product's own default. */
export const POOL_SIZE = 10;

/** What is measured: every contender in turn, at each number of connections, this many times. */
export const ROUNDS = 3;
export const CONNECTIONS = [1, 8, 64];
export const SECONDS = 4;
export const WARM_UP_SECONDS = 3;

/** The benchmark set, and how many organizations it must have. */
export const SET = { size: 'M', tenants: 20 };

/** Rows of the page and of each list in it. */
export const DEALS = 50;
export const ACTIVITIES = 5;
