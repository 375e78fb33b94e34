import { makePool, warmUp } from '../src/db/pools.js';
import { connect, freshDatabase } from './support/database.js';

test('a start for which PostgreSQL has too few connections fails, and gives back those that it got', async () => {
  const { ownerUrl, appUrl } = await freshDatabase();
  const owner = await connect(ownerUrl);
  await owner.query(`ALTER DATABASE "${new URL(ownerUrl).pathname.slice(1)}" CONNECTION LIMIT 3`);
  const pool = makePool({ connectTimeoutMs: 5_000, statementTimeoutMs: 5_000 }, appUrl, { max: 4 });
  await expect(warmUp([pool])).rejects.toThrow();
  // Waits for every connection that somebody holds.
  await pool.end();
  await owner.end();
});
