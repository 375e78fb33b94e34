import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool, PoolClient } from 'pg';
import { PrismaClient } from '../generated/prisma/client.js';

type Factory = ConstructorParameters<typeof PrismaClient>[0]['adapter'] & object;
type Adapter = Awaited<ReturnType<Factory['connect']>>;
type AdapterTransaction = Awaited<ReturnType<Adapter['startTransaction']>>;

/** Prisma inside a transaction. Its rows are the organization's only, by the database's own policies. */
export type PrismaTransaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

/** Prisma in a transaction that somebody else began and ends. */
export interface Joined {
  prisma: PrismaTransaction;
  /** Prisma sends nothing after it. */
  leave: () => Promise<void>;
}

/** @see openJoining */
export interface Joining {
  join(client: PoolClient, limitMs: number): Promise<Joined>;
  close(): Promise<void>;
}

/**
 * Prisma for the transactions of write.ts, which begin and end without it: its own way through a transaction costs more than the statements of most
 * changes, and waits for each of them. What its adapter begins is the connection it is lent; it neither begins nor commits there
 * (`usePhantomQuery`, https://www.prisma.io/docs/orm/overview/databases/database-drivers#driver-adapters).
 */
export function openJoining(pool: Pool): Joining {
  const lending = openLending(pool);
  const prisma = new PrismaClient({ adapter: lending.adapter });
  return { join: (client, limitMs) => lending.lend(client, () => joinIn(prisma, limitMs)), close: () => prisma.$disconnect() };
}

async function joinIn(prisma: PrismaClient, limitMs: number): Promise<Joined> {
  let leave = (): void => undefined;
  const left = new Promise<void>((resolve) => (leave = resolve));
  let over: Promise<void> | undefined;
  const inside = await new Promise<PrismaTransaction>((resolve, reject) => {
    const work = (tx: PrismaTransaction): Promise<void> => {
      resolve(tx);
      return left;
    };
    over = prisma.$transaction(work, { timeout: limitMs, maxWait: limitMs });
    over.catch(reject);
  });
  return { prisma: inside, leave: () => (leave(), over ?? left) };
}

interface Lending {
  adapter: Factory;
  /** One after the other, so that no transaction of Prisma gets a connection that was meant for another one. */
  lend(client: PoolClient, begin: () => Promise<Joined>): Promise<Joined>;
}

function openLending(pool: Pool): Lending {
  const factory = new PrismaPg(pool);
  let lent: PoolClient | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const startTransaction = (own: Adapter): Promise<AdapterTransaction> => {
    if (!lent) return Promise.reject(new Error('Prisma began a transaction that nobody lent a connection to.'));
    const client = lent;
    lent = undefined;
    return Promise.resolve(transactionOn(own, client));
  };
  const connect = async (): Promise<Adapter> => {
    const own = await factory.connect();
    return Object.create(own, { startTransaction: { value: () => startTransaction(own) } }) as Adapter;
  };
  const lend: Lending['lend'] = (client, begin) => {
    const joined = turn.then(() => {
      lent = client;
      return begin();
    });
    turn = joined.catch(() => undefined);
    return joined;
  };
  return { adapter: { provider: factory.provider, adapterName: factory.adapterName, connect }, lend };
}

/** The adapter with another connection under it: all its queries go through `client`. */
function transactionOn(adapter: Adapter, client: PoolClient): AdapterTransaction {
  const nothing = { value: () => Promise.resolve() };
  const options = { value: { usePhantomQuery: true } };
  return Object.create(adapter, { client: { value: client }, options, commit: nothing, rollback: nothing }) as AdapterTransaction;
}
