import type { Transaction } from '../database.js';

/** Something to do later, in the name of the transaction's organization. */
export interface JobRequest {
  /** Name of the task (src/domain/index.ts lists them). */
  task: string;
  /** Ids and plain names only; PostgreSQL refuses anything else. The organization is added. */
  payload: Record<string, string>;
  /** Not before. */
  runAt?: Date;
  /** A job of the same task and key that waits is replaced: letters, digits, `-` and `:`. */
  key?: string;
}

/** What jobs are added through: the writer of a change, or `enqueuer(tx)`. */
export interface Enqueuer {
  enqueue(job: JobRequest): Promise<void>;
}

/** For transactions that are no change. */
export function enqueuer(tx: Transaction): Enqueuer {
  return { enqueue: (job) => enqueue(tx, job) };
}

/** Adds a job in a transaction: when that rolls back there is no job, once it has committed the job is done at least once. */
export async function enqueue(tx: Transaction, { task, payload, runAt, key }: JobRequest): Promise<void> {
  const data = JSON.stringify(payload);
  await tx.$executeRaw`SELECT jobs.enqueue(${task}, ${data}::jsonb, ${runAt ?? null}::timestamptz, ${key ?? null})`;
}
