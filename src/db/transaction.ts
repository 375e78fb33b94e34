import type { QueryResult } from 'pg';
import { Prisma } from '../generated/prisma/client.js';
import type { Transaction } from './database.js';
import type { Joined } from './joining.js';

/** Sends a statement on the transaction's connection, prepared there. */
export type Send = (text: string, values: readonly unknown[]) => Promise<QueryResult>;

/** A transaction as those see it who write in it. */
export interface OpenTransaction {
  tx: Transaction;
  /** Prisma sends nothing after it. */
  leave: () => Promise<void>;
}

/**
 * Raw statements go straight to the connection; their values are those of db/types.ts. Prisma joins when one of its models is asked first.
 *
 * @param join is called once at most.
 */
export function openTransaction(send: Send, join: () => Promise<Joined>): OpenTransaction {
  let joined: Promise<Joined> | undefined;
  const raw = rawOver(send);
  const model = (name: string): unknown =>
    new Proxy(
      {},
      { get: (_, verb) => (args: unknown) => (joined ??= join()).then(({ prisma }) => call(prisma, name, verb, args)) },
    );
  const tx = new Proxy({}, { get: (_, name) => (isName(name) ? (raw[name] ?? model(name)) : undefined) });
  return { tx: tx as Transaction, leave: async () => (await joined)?.leave() };
}

type Raw = Record<string, (...given: never[]) => Promise<unknown>>;

function rawOver(send: Send): Raw {
  const query = async (text: string, values: readonly unknown[]): Promise<unknown[]> =>
    (await send(text, values)).rows as unknown[];
  const execute = async (text: string, values: readonly unknown[]): Promise<number> => (await send(text, values)).rowCount ?? 0;
  const template = <Answer>(by: (text: string, values: readonly unknown[]) => Answer) => {
    return (texts: TemplateStringsArray, ...given: unknown[]): Answer => {
      const { text, values } = Prisma.sql(texts, ...given);
      return by(text, values);
    };
  };
  return {
    $queryRaw: template(query),
    $executeRaw: template(execute),
    $queryRawUnsafe: (text: string, ...values: unknown[]) => query(text, values),
    $executeRawUnsafe: (text: string, ...values: unknown[]) => execute(text, values),
  };
}

/** A promise is told from other things by its `then`. */
function isName(name: string | symbol): name is string {
  return typeof name === 'string' && name !== 'then';
}

function call(prisma: Joined['prisma'], name: string, verb: string | symbol, args: unknown): unknown {
  const models = prisma as unknown as Record<string, Record<string | symbol, (args: unknown) => unknown>>;
  const method = models[name]?.[verb];
  if (!method) throw new Error(`Prisma has no ${name}.${String(verb)}.`);
  return method(args);
}
