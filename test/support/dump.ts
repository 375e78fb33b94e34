import type pg from 'pg';

/** Every table of every schema that is Pulse's, as text. @param client of the owner. */
export async function dump(client: pg.Client): Promise<string> {
  await client.query('RESET ROLE');
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'`,
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const found = await client.query<{ text: string | null }>(`SELECT string_agg(t::text, E'\\n') AS text FROM ${name} AS t`);
    texts.push(`${name}\n${found.rows[0]?.text ?? ''}`);
  }
  return texts.join('\n');
}

/** Which of some texts stand in a dump, in any case, or as base64 or hex. */
export function hits(text: string, tokens: readonly string[]): string[] {
  const plain = text.toLowerCase();
  return tokens.filter((token) => {
    const forms = [token.toLowerCase(), Buffer.from(token).toString('hex')];
    // Without its end, which depends on what follows.
    const base64 = Buffer.from(token).toString('base64').replace(/=+$/, '').slice(0, -2);
    return forms.some((form) => plain.includes(form)) || text.includes(base64);
  });
}
