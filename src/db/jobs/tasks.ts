import type { JobHelpers } from 'graphile-worker';
import { framesOf } from '../fault.js';
import { sqlState } from '../sql-state.js';

/** What a task is told: whose job it is, what it is about, and which job it is (the same at every attempt). */
export interface JobInfo {
  orgId: string;
  payload: Record<string, string>;
  jobId: string;
}

/** Does a job. It may be done twice, when the worker dies before it could say so. */
export type Task = (job: JobInfo) => Promise<void>;

/** An attempt that failed, without a word that could be about a person. */
export interface JobFailure {
  task: string;
  jobId: string;
  orgId: string;
  attempt: number;
  /** No attempt follows. */
  isLast: boolean;
  reason: string;
  /** Where in the code; messages left out. */
  stack: string;
  /** As it was thrown; for tests, never for the log. */
  cause: unknown;
}

/** The tasks as the library calls them. What they throw is told and stored as `reason`: messages quote people's data. */
export function toTasks(
  tasks: Record<string, Task>,
  onFailure: (failure: JobFailure) => void,
): Record<string, (payload: unknown, helpers: Pick<JobHelpers, 'job'>) => Promise<void>> {
  const entries = Object.entries(tasks).map(([task, run]) => {
    const called = async (given: unknown, { job }: Pick<JobHelpers, 'job'>): Promise<void> => {
      const { orgId = '', ...payload } = given as Record<string, string>;
      try {
        await run({ orgId, payload, jobId: job.id });
      } catch (error) {
        const reason = reasonOf(error);
        const isLast = job.attempts >= job.max_attempts;
        const stack = framesOf(error);
        onFailure({ task, jobId: job.id, orgId, attempt: job.attempts, isLast, reason, stack, cause: error });
        // The library stores what it is thrown.
        throw Object.assign(new Error(reason), { stack: reason });
      }
    };
    return [task, called] as const;
  });
  return Object.fromEntries(entries);
}

/** Kind and code of an error: an SMTP status, an SQLSTATE, a name of Node's. */
function reasonOf(error: unknown): string {
  const { name, code, responseCode } = (error ?? {}) as { name?: unknown; code?: unknown; responseCode?: unknown };
  const words = [name, code, responseCode, sqlState(error)].filter(
    (each) => typeof each === 'string' || typeof each === 'number',
  );
  return [...new Set(words.map(String))].filter((word) => /^[\w-]{1,40}$/.test(word)).join(' ');
}
