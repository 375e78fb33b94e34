import path from 'node:path';
import type { Config } from './config.js';
import { openCore, type Core } from './core.js';
import type { RunningDatabase } from './db/setup/bring-up.js';
import { outboxMailer } from './domain/mail/outbox.js';
import { smtpMailer } from './domain/mail/smtp.js';
import type { JobRunner } from './db/index.js';
import type { Stoppable } from './listen.js';
import { replay } from './replay.js';
import type { Seeing } from './seeing.js';
import { appSettings } from './settings.js';
import { doJobs, type WorkerSettings } from './worker.js';

type Say = (line: string) => void;
type Database = Pick<RunningDatabase, 'urls'>;
type Sight = Omit<Seeing, 'close'>;

/** Jobs alone, on a database that is prepared. */
export async function startJobs(root: string, config: Config, database: Database, seeing: Sight, say: Say): Promise<Stoppable> {
  const core = openCore(appSettings(root, config, database, seeing, false));
  try {
    await replay(core, say);
    const jobs = await doJobs(core, workerSettings(config, database, seeing, say));
    return {
      stop: async () => {
        await jobs.stop();
        await core.database.close();
      },
    };
  } catch (error) {
    await core.database.close();
    throw error;
  }
}

/** Jobs as the settings want them, in a process that has opened its core. */
export function startJobsOf(core: Core, config: Config, database: Database, seeing: Sight, say: Say): Promise<JobRunner> {
  return doJobs(core, workerSettings(config, database, seeing, say));
}

/** Without SMTP_URL mails are files in the data folder; readConfig sees to it that this is not so in production. */
function workerSettings(
  config: Config,
  { urls }: Pick<RunningDatabase, 'urls'>,
  { log, metrics }: Omit<Seeing, 'close'>,
  say: (line: string) => void,
): WorkerSettings {
  const outbox = path.join(config.PULSE_DATA_DIR, 'outbox');
  return {
    workerUrl: urls.worker,
    webUrl: config.APP_URL,
    mailFrom: config.MAIL_FROM,
    anchors: config.AUDIT_ANCHORS ? { file: config.AUDIT_ANCHORS, secret: config.SECRET_KEY } : null,
    mailer: config.SMTP_URL ? smtpMailer(config.SMTP_URL) : outboxMailer(outbox, say),
    log,
    metrics,
  };
}
