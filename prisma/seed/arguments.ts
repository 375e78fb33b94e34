import { parseArgs } from 'node:util';
import { shareOut, SIZES, tenantOf, type Counts } from './bench/sizes.js';

export interface SeedArguments {
  help: boolean;
  /** A benchmark set: what it is called, and the rows of each tenant. Absent for the demo data. */
  set?: { name: string; shares: Counts[] };
}

/** The text of `--help`. */
export const HELP = `Usage: npm run seed -- [--size M|L | --rows n,n,…] [--tenants n]

Without options: the demo organizations acme and globex, when the database is empty.

  --size M       benchmark set: 20 tenants, 20 k companies, 100 k contacts, 60 k deals, 400 k activities
  --size L       benchmark set: 20 tenants, 200 k companies, 1 M contacts, 250 k deals, 5 M activities;
                 the first tenant holds half of everything
  --rows n,n,…   benchmark set of one tenant for each number, with so many rows in all
  --tenants n    share the rows of --size among n tenants, 1 to 1000 (bench-001 …), or make n tenants of --rows each
  --help         this text`;

/**
 * Reads the command line.
 *
 * @throws Error with a sentence that says what was expected.
 */
export function readArguments(argv: string[]): SeedArguments {
  const { help = false, size, rows, tenants } = parse(argv);
  if (help || (size === undefined && rows === undefined && tenants === undefined)) return { help };
  if (size !== undefined && rows !== undefined) throw wrong('--size and --rows are two ways to say the same: give one of them.');
  const count = tenants === undefined ? undefined : readTenants(tenants);
  if (size !== undefined) return { help, set: setOf(size, count) };
  if (rows !== undefined) return { help, set: { name: `of ${rows} rows`, shares: readRows(rows, count) } };
  throw wrong('--tenants needs --size or --rows: the demo data always has two organizations.');
}

function parse(argv: string[]) {
  try {
    const text = { type: 'string' } as const;
    const options = { size: text, rows: text, tenants: text, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: argv, options, allowPositionals: false }).values;
  } catch (error) {
    // Node's message names the argument; the advice after its first sentence is about Node.
    throw wrong(`${(error as Error).message.split(/\. |\n/)[0] ?? ''}.`);
  }
}

function setOf(text: string, tenants?: number): SeedArguments['set'] {
  const name = text.toUpperCase();
  if (name !== 'M' && name !== 'L') throw wrong(`--size must be M or L, not “${text}”.`);
  return { name, shares: shareOut(SIZES[name], tenants ?? SIZES[name].tenants) };
}

function readRows(text: string, tenants = 1): Counts[] {
  if (!/^\d{1,8}(,\d{1,8})*$/.test(text)) throw wrong(`--rows must be whole numbers separated by commas, not “${text}”.`);
  const shares = text.split(',').map((rows) => tenantOf(Number(rows)));
  return Array.from({ length: tenants }, () => shares).flat();
}

function readTenants(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= 1_000) return number;
  throw wrong(`--tenants must be a whole number from 1 to 1000, not “${text}”.`);
}

function wrong(sentence: string): Error {
  return new Error(`${sentence} See npm run seed -- --help.`);
}
