import type { Logger } from 'pino';
import type { Core } from './core.js';
import { plainWords, runJobs, runJobsOnce, type JobFailure, type JobRunner, type JobSettings, type Task } from './db/index.js';
import { mails, tasksOf } from './domain/index.js';
import { anchorSignatures, appendAnchors, lastAnchors, newAnchors } from './db/chain/anchors.js';
import { links } from './domain/mail/links.js';
import { mailTask, type Mailer } from './domain/mail/task.js';
import type { Metrics } from './metrics.js';

export interface WorkerSettings {
  /** Connection of the worker's role. */
  workerUrl: string;
  /** Where the web app is that links in mails lead to. */
  webUrl: string;
  mailFrom: string;
  mailer: Mailer;
  /** Where anchors of the audit are added once an hour; null for nowhere. */
  anchors?: { file: string; secret: string } | null;
  log: Logger;
  metrics?: Metrics | null;
  /** For tests: is told what went wrong. */
  onFailure?: (failure: JobFailure) => void;
}

/** Does jobs as they come, until it is stopped. */
export async function doJobs(core: Core, settings: WorkerSettings): Promise<JobRunner> {
  const runner = await runJobs(jobSettings(core, settings));
  settings.metrics?.watchPools(() => [runner.pool()]);
  return runner;
}

/** Does the jobs that are due now. */
export function doDueJobs(core: Core, settings: WorkerSettings): Promise<void> {
  return runJobsOnce(jobSettings(core, settings));
}

function jobSettings(
  { database, door, privacy }: Core,
  { workerUrl, webUrl, mailFrom, mailer, anchors, log, metrics, onFailure }: WorkerSettings,
): JobSettings {
  const { now, mailTokens } = door;
  const tasks = {
    mail: mailTask({ database, composers: mails, links: links(webUrl, mailTokens), mailer, from: mailFrom, now }),
    ...tasksOf(database, privacy),
  };
  return {
    url: workerUrl,
    tasks: Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, watched(name, task, log, metrics)])),
    onFailure: (failure) => {
      const { cause: _, isLast, reason, ...told } = failure;
      log[isLast ? 'error' : 'warn'](
        { ...told, failure: reason },
        isLast ? 'A job failed for the last time.' : 'A job failed and is tried again.',
      );
      if (isLast) metrics?.jobLost(failure.task);
      onFailure?.(failure);
    },
    ...(anchors && { keepHeads: keeper(anchors, log) }),
    onTrouble: (message) => log.warn({ trouble: plainWords(message) }, 'The job queue cannot be reached.'),
  };
}

/** One line a job that is done; failures have theirs. */
function watched(name: string, task: Task, log: Logger, metrics?: Metrics | null): Task {
  return async (job) => {
    const started = performance.now();
    const took = (): number => performance.now() - started;
    try {
      await task(job);
    } catch (error) {
      metrics?.jobTook(name, 'failed', took() / 1_000);
      throw error;
    }
    metrics?.jobTook(name, 'done', took() / 1_000);
    log.info({ task: name, jobId: job.jobId, orgId: job.orgId, ms: Math.round(took()) }, 'job');
  };
}

/** Adds what is new to the file. That it could not is an error for whoever watches the log: nothing else fails. */
function keeper({ file, secret }: { file: string; secret: string }, log: Logger): NonNullable<JobSettings['keepHeads']> {
  const { sign, verify } = anchorSignatures(secret);
  const readKnown = lastAnchors(file, verify);
  return async (read) => {
    try {
      const known = await readKnown();
      await appendAnchors(file, newAnchors(await read(), known), sign);
    } catch (error) {
      const trouble = plainWords((error as Error).message);
      log.error({ file, trouble }, 'Where the audit stands could not be kept outside of the database.');
    }
  };
}
