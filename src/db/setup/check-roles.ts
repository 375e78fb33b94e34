import { escapeIdentifier } from 'pg';
import { connect } from './connect.js';

/** What a server's role must not be able to do; each question answers true when it can. */
const TOO_STRONG: Record<string, string> = {
  'is a superuser': 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user',
  'bypasses row-level security': 'SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user',
  'can make roles': 'SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user',
  'can make databases': 'SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user',
  'can copy the whole server': 'SELECT rolreplication FROM pg_roles WHERE rolname = current_user',
  'is a member of other roles': 'SELECT EXISTS (SELECT FROM pg_auth_members WHERE member = current_user::regrole)',
  'owns tables, views or functions': `
    SELECT EXISTS (SELECT FROM pg_class WHERE relowner = current_user::regrole)
        OR EXISTS (SELECT FROM pg_proc WHERE proowner = current_user::regrole)`,
  'owns a schema or the database': `
    SELECT EXISTS (SELECT FROM pg_namespace WHERE nspowner = current_user::regrole)
        OR EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datdba = current_user::regrole)`,
  'can make schemas': `SELECT has_database_privilege(current_user, current_database(), 'CREATE')`,
  'can make objects in a schema': `
    SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname NOT LIKE 'pg_temp%' AND nspname NOT LIKE 'pg_toast_temp%'
                   AND has_schema_privilege(current_user, oid, 'CREATE'))`,
  'can truncate, refer to, or put triggers on tables': `
    SELECT EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
                   AND has_table_privilege(current_user, oid, 'TRUNCATE, REFERENCES, TRIGGER'))`,
};

/** In one round trip; a column a question. */
const EVERY_QUESTION = `SELECT ${Object.entries(TOO_STRONG)
  .map(([fault, question]) => `(${question}) AS ${escapeIdentifier(fault)}`)
  .join(', ')}`;

/**
 * Refuses to serve requests with a role that PostgreSQL would not hold back.
 *
 * @throws Error naming the role and each thing it can do but must not.
 */
export async function checkRole(url: string): Promise<void> {
  const client = await connect(url);
  try {
    const { rows } = await client.query<Record<string, boolean>>(EVERY_QUESTION);
    const faults = Object.keys(TOO_STRONG).filter((fault) => rows[0]?.[fault]);
    if (faults.length > 0) {
      throw new Error(
        `The database role "${decodeURIComponent(new URL(url).username)}" is too strong to serve requests: it ${faults.join(', ')}. ` +
          'Tenants would be kept apart by the application alone. Give the server a plain role (docs/OPERATIONS.md, "Roles").',
      );
    }
  } finally {
    await client.end();
  }
}
