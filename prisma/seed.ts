import pg from 'pg';
import { HELP, readArguments, type SeedArguments } from './seed/arguments.js';
import { seedBench } from './seed/bench.js';
import { seedDemo } from './seed/demo.js';
import { isEmpty } from './seed/empty.js';

export interface SeedDependencies {
  /** Connection of the migration owner to a migrated database. */
  ownerUrl: string;
  /** Of the password that all seeded users share. */
  passwordHash: string;
  say: (line: string) => void;
}

/**
 * `npm run seed`: the demo data when the database is empty, or with `--size` or `--rows` a benchmark set.
 *
 * @param argv the arguments after the script's name.
 * @throws Error with a sentence for the terminal: wrong arguments, benchmark tenants already there.
 */
export async function runSeed(argv: string[], deps: SeedDependencies): Promise<void> {
  const given = readArguments(argv);
  if (given.help) return deps.say(HELP);
  const client = new pg.Client({ connectionString: deps.ownerUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await seed(client, given, deps);
  } finally {
    await client.end();
  }
}

async function seed(client: pg.Client, { set }: SeedArguments, { passwordHash, say }: SeedDependencies): Promise<void> {
  const now = await databaseTime(client);
  if (set) return seedBench(client, { ...set, passwordHash, now, say });
  if (!(await isEmpty(client))) return say('The database is not empty: nothing was seeded.');
  await seedDemo(client, { passwordHash, now, say });
  say('The demo organizations acme and globex are ready.');
}

async function databaseTime(client: pg.Client): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>('SELECT now() AS now');
  const [row] = rows;
  if (!row) throw new Error('The database did not tell its time.');
  return row.now;
}
