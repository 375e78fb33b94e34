import pg from 'pg';

/** A connection for setting up; end it. @throws Error a sentence when there is no way in. */
export async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  // A connection that is cut fails the statement it carries; unheard, the same error would end the process as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new Error(
      `No connection to ${placeOf(connectionString)}: ${reasonOf(error)}. Check DATABASE_URL and what goes with it.`,
      {
        cause: error,
      },
    );
  }
  return client;
}

function placeOf(connectionString: string): string {
  const { username, host, pathname } = new URL(connectionString);
  return `the database "${pathname.slice(1)}" on ${host} as "${username}"`;
}

/** `localhost` is tried by two addresses; then the error itself says nothing. */
function reasonOf(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(reasonOf).join(', ') : (error as Error).message;
}
