import pg from 'pg';
import { isEmpty } from './empty.js';

/**
 * Seeds the demo data when the database is empty.
 *
 * @param passwordHash is asked for only then.
 * @returns whether the demo organizations are there now.
 */
export async function ensureDemo(
  ownerUrl: string,
  passwordHash: () => Promise<string>,
  say: (line: string) => void,
): Promise<boolean> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    if (await isEmpty(client)) {
      // What makes the data takes long to load, and most starts make none.
      const { seedDemo } = await import('./demo.js');
      await seedDemo(client, { passwordHash: await passwordHash(), now: new Date(), say });
    }
    const { rows } = await client.query<{ demo: boolean }>(
      `SELECT count(*) = 2 AS demo FROM public.organizations WHERE slug IN ('acme', 'globex')`,
    );
    return rows[0]?.demo ?? false;
  } finally {
    await client.end();
  }
}
