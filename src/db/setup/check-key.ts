import { createHmac } from 'node:crypto';
import { escapeLiteral, type Client } from 'pg';

/**
 * Says so when SECRET_KEY is not the one that this database's passwords were hashed with: nobody can sign in then. The
 * fingerprint is a comment on the table that holds the hashes; it tells nothing about the key.
 */
export async function checkKey(client: Client, secret: string, say: (line: string) => void): Promise<void> {
  const fingerprint = `passwords hashed with key ${createHmac('sha256', secret).update('key fingerprint').digest('hex').slice(0, 16)}`;
  const { rows } = await client.query<{ comment: string | null; users: boolean }>(
    `SELECT obj_description('public.users'::regclass) AS comment, EXISTS (SELECT FROM public.users) AS users`,
  );
  const [known] = rows;
  if (known?.comment === fingerprint) return;
  if (known?.comment && known.users) {
    say(
      'SECRET_KEY is not the one this database was set up with: no password matches any more, and nobody can sign in. ' +
        'Bring the old key back (in development: the file secret-key in the data folder), or reset every password.',
    );
    return;
  }
  await client.query(`COMMENT ON TABLE public.users IS ${escapeLiteral(fingerprint)}`);
}
