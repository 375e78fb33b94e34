import type { Logger } from 'pino';
import type { Core } from './app.js';
import { runJobs, runJobsOnce, type JobFailure, type JobRunner, type JobSettings } from './db/index.js';
import { mails, tasksOf } from './domain/index.js';
import { links } from './domain/mail/links.js';
import { mailTask, type Mailer } from './domain/mail/task.js';

export interface WorkerSettings {
  /** Connection of the worker's role. */
  workerUrl: string;
  /** Where the web app is that links in mails lead to. */
  webUrl: string;
  mailFrom: string;
  mailer: Mailer;
  log: Logger;
  /** For tests: is told what went wrong. */
  onFailure?: (failure: JobFailure) => void;
}

/** Does jobs as they come, until it is stopped. */
export function doJobs(core: Core, settings: WorkerSettings): Promise<JobRunner> {
  return runJobs(jobSettings(core, settings));
}

/** Does the jobs that are due now. */
export function doDueJobs(core: Core, settings: WorkerSettings): Promise<void> {
  return runJobsOnce(jobSettings(core, settings));
}

function jobSettings(
  { database, door, privacy }: Core,
  { workerUrl, webUrl, mailFrom, mailer, log, onFailure }: WorkerSettings,
): JobSettings {
  const { now, mailTokens } = door;
  const mail = mailTask({ database, composers: mails, links: links(webUrl, mailTokens), mailer, from: mailFrom, now });
  return {
    url: workerUrl,
    tasks: { mail, ...tasksOf(database, privacy) },
    onFailure: (failure) => {
      const { cause: _, isLast, ...told } = failure;
      log[isLast ? 'error' : 'warn'](told, isLast ? 'A job failed for the last time.' : 'A job failed and is tried again.');
      onFailure?.(failure);
    },
    onTrouble: (message) => log.warn({ message }, 'The job queue cannot be reached.'),
  };
}
