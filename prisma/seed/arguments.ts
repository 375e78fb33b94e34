import { parseArgs } from 'node:util';
import { SIZES, type SizeName } from './bench/sizes.js';

export interface SeedArguments {
  help: boolean;
  /** Absent for the demo data. */
  size?: SizeName;
  tenants?: number;
}

/** The text of `--help`. */
export const HELP = `Usage: npm run seed -- [--size M|L] [--tenants n]

Without options: the demo organizations acme and globex, when the database is empty.

  --size M       benchmark set: 20 tenants, 20 k companies, 100 k contacts, 60 k deals, 400 k activities
  --size L       benchmark set: 20 tenants, 200 k companies, 1 M contacts, 250 k deals, 5 M activities;
                 the first tenant holds half of everything
  --tenants n    share the rows among n tenants, 1 to 999 (bench-001 …)
  --help         this text`;

/**
 * Reads the command line.
 *
 * @throws Error with a sentence that says what was expected.
 */
export function readArguments(argv: string[]): SeedArguments {
  const { help = false, size, tenants } = parse(argv);
  if (help) return { help };
  if (size === undefined && tenants === undefined) return { help };
  if (size === undefined) throw wrong('--tenants needs --size: the demo data always has two organizations.');
  return { help, size: readSize(size), ...(tenants === undefined ? {} : { tenants: readTenants(tenants) }) };
}

function parse(argv: string[]) {
  try {
    const options = { size: { type: 'string' }, tenants: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: argv, options, allowPositionals: false }).values;
  } catch (error) {
    // Node's message names the argument; the advice after its first sentence is about Node.
    throw wrong(`${(error as Error).message.split(/\. |\n/)[0] ?? ''}.`);
  }
}

function readSize(text: string): SizeName {
  const name = text.toUpperCase();
  if (name in SIZES) return name as SizeName;
  throw wrong(`--size must be M or L, not “${text}”.`);
}

function readTenants(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= 999) return number;
  throw wrong(`--tenants must be a whole number from 1 to 999, not “${text}”.`);
}

function wrong(sentence: string): Error {
  return new Error(`${sentence} See npm run seed -- --help.`);
}
