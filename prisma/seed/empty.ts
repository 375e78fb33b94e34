import type { Client } from 'pg';

/** Whether there is no organization yet. */
export async function isEmpty(client: Client): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM public.organizations LIMIT 1');
  return rowCount === 0;
}
