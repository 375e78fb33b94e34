import type { Client } from 'pg';

/**
 * Loads with the search's triggers off and its indexes away, then writes its tables at once: kept row by row, search would more than double
 * the time of a load. In a transaction.
 *
 * @param orgIds of the organizations that are loaded.
 */
export async function loadBeforeSearch(client: Client, orgIds: string[], load: () => Promise<void>): Promise<void> {
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(INDEXES);
  const switched = async (to: 'DISABLE' | 'ENABLE'): Promise<void> => {
    for (const table of SEARCHED) await client.query(`ALTER TABLE public.${table} ${to} TRIGGER search_insert`);
  };
  await switched('DISABLE');
  await load();
  // Foreign keys are checked at the end of each statement; what still waits would keep the triggers from being switched on.
  await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  await client.query('SELECT public.search_rebuild($1)', [orgIds]);
  for (const { definition } of indexes) await client.query(definition);
  await switched('ENABLE');
}

const SEARCHED = ['companies', 'contacts', 'deals', 'activities'];

const INDEXES = `
  SELECT format('%I.%I', schemaname, indexname) AS name, indexdef AS definition FROM pg_indexes
   WHERE schemaname = 'public' AND tablename IN ('search_words', 'search_terms', 'search_notes') AND indexname NOT LIKE '%\\_pkey'`;
