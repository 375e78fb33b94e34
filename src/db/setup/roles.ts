import { createHmac } from 'node:crypto';
import { escapeIdentifier, escapeLiteral, type Client } from 'pg';

/** The roles of one Pulse database, by name. */
export interface RoleNames {
  owner: string;
  app: string;
  reader: string;
  signin: string;
  worker: string;
}

/** Where the server connects, and as whom. */
export interface DatabaseUrls {
  owner: string;
  app: string;
  signin: string;
  worker: string;
}

export interface RoleSettings {
  /** Connection of the migration owner. */
  ownerUrl: string;
  /** When an administrator made the login roles: their connections. Otherwise they are made here. */
  appUrl?: string | undefined;
  signinUrl?: string | undefined;
  workerUrl?: string | undefined;
  /** NOLOGIN role that owns the reader views. */
  readerRole?: string | undefined;
  /** Key material from which passwords of roles made here are derived. */
  secret: string;
}

/** Names and connections that follow from the settings; touches no database. */
export function planRoles(settings: RoleSettings): { names: RoleNames; urls: DatabaseUrls } {
  const owner = new URL(settings.ownerUrl);
  const base = decodeURIComponent(owner.pathname.slice(1)).replace(/\W/g, '_').toLowerCase().slice(0, 40) || 'pulse';
  const app = settings.appUrl ?? loginUrl(owner, `${base}_app`, settings.secret);
  const signin = settings.signinUrl ?? loginUrl(owner, `${base}_signin`, settings.secret);
  const worker = settings.workerUrl ?? loginUrl(owner, `${base}_worker`, settings.secret);
  const names = {
    owner: decodeURIComponent(owner.username) || 'postgres',
    app: userOf(app),
    signin: userOf(signin),
    worker: userOf(worker),
    reader: settings.readerRole ?? `${base}_reader`,
  };
  checkDistinct(names);
  return { names, urls: { owner: settings.ownerUrl, app, signin, worker } };
}

/**
 * Makes the roles that are missing and gives those made here their derived passwords again (the secret may have changed).
 * Needs CREATEROLE unless all of them exist and are given by URL. Roles belong to the cluster: the caller holds the set-up lock.
 */
export async function makeRoles(client: Client, settings: RoleSettings): Promise<void> {
  const { names, urls } = planRoles(settings);
  if (!settings.readerRole) await makeRole(client, names.reader, 'NOLOGIN');
  if (!settings.appUrl) await makeRole(client, names.app, loginClause(urls.app));
  if (!settings.signinUrl) await makeRole(client, names.signin, loginClause(urls.signin));
  if (!settings.workerUrl) await makeRole(client, names.worker, loginClause(urls.worker));
  await joinReader(client, names.reader);
}

/** The access rules take from one role what they give another; the owner would lock itself out. */
function checkDistinct(names: RoleNames): void {
  if (new Set(Object.values(names)).size === 5) return;
  throw new Error(
    'DATABASE_URL, APP_DATABASE_URL, SIGNIN_DATABASE_URL, WORKER_DATABASE_URL and READER_ROLE must name five different roles ' +
      '(docs/OPERATIONS.md, "Roles").',
  );
}

function loginUrl(owner: URL, user: string, secret: string): string {
  const url = new URL(owner);
  url.username = user;
  url.password = createHmac('sha256', secret).update(`database role ${user}`).digest('base64url');
  return url.toString();
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

function loginClause(url: string): string {
  return `LOGIN PASSWORD ${escapeLiteral(decodeURIComponent(new URL(url).password))}`;
}

async function makeRole(client: Client, name: string, clause: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  const verb = rowCount ? 'ALTER' : 'CREATE';
  try {
    await client.query(`${verb} ROLE ${escapeIdentifier(name)} ${clause}`);
  } catch (error) {
    throw new Error(
      `Could not ${verb.toLowerCase()} the database role ${name}: ${(error as Error).message}. Give the user of DATABASE_URL the CREATEROLE right, ` +
        'or have the roles made and set APP_DATABASE_URL, SIGNIN_DATABASE_URL, WORKER_DATABASE_URL and READER_ROLE ' +
        '(docs/OPERATIONS.md, "Roles").',
      { cause: error },
    );
  }
}

/** Only a member of the reader can hand views over to it; PostgreSQL 16 and newer do not make the creator one. */
async function joinReader(client: Client, reader: string): Promise<void> {
  try {
    await join(client, reader);
  } catch (error) {
    throw new Error(
      `The user of DATABASE_URL must be a member of the role ${reader} and could not become one: ${(error as Error).message}. ` +
        `Have an administrator run: GRANT ${escapeIdentifier(reader)} TO <that user> (docs/OPERATIONS.md, "Roles").`,
      { cause: error },
    );
  }
}

async function join(client: Client, reader: string): Promise<void> {
  const { rows } = await client.query<{ joined: boolean }>(`SELECT pg_has_role(current_user, $1, 'MEMBER') AS joined`, [reader]);
  const { rows: usable } = await client.query<{ usable: boolean }>(`SELECT pg_has_role(current_user, $1, 'USAGE') AS usable`, [
    reader,
  ]);
  if (!rows[0]?.joined || !usable[0]?.usable) await client.query(`GRANT ${escapeIdentifier(reader)} TO CURRENT_USER`);
}
