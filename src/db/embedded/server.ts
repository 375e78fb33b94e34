import pg from 'pg';
import { embeddedError } from './error.js';
import type { Exit, Launched } from './launch.js';
import type { Place } from './place.js';
import { HOST } from './port.js';
import { stopPostmaster } from './postmaster.js';
import type { Tools } from './tools.js';

export interface EmbeddedServer {
  host: '127.0.0.1';
  port: number;
  superuserUrl: string;
  /** Ends all sessions and the server, and waits for it. May be called again. */
  stop(): Promise<void>;
  /** Resolves when the server ends without having been asked to. */
  exited: Promise<Exit>;
}

interface Parts {
  place: Place;
  tools: Tools;
  launched: Launched;
  password: string;
  release: () => void;
}

/** Puts the handle together once a sign-in has worked. Throws a sentence, with the server stopped, when it does not. */
export async function serve(parts: Parts): Promise<EmbeddedServer> {
  const { launched, place, password } = parts;
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= end(parts));
  const exited = new Promise<Exit>((resolve) => {
    void launched.exit.then((exit) => stopping ?? resolve(exit));
  });
  const superuserUrl = `postgres://postgres:${password}@${HOST}:${launched.port}/postgres`;
  try {
    await checkSignIn(superuserUrl, place);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: HOST, port: launched.port, superuserUrl, stop, exited };
}

async function end({ place, tools, launched, release }: Parts): Promise<void> {
  launched.hold();
  if (!launched.hasExited()) await stopPostmaster(place, tools, launched.pid);
  await launched.exit;
  release();
}

async function checkSignIn(connectionString: string, place: Place): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    await client.query('select 1');
  } catch (error) {
    throw embeddedError(
      `PostgreSQL runs, but the password in ${place.password} does not open it (${(error as Error).message}). ` +
        `Put the file back that belongs to ${place.data}.`,
      error,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
