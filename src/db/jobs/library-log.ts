import { Logger } from 'graphile-worker';

/** The library's own lines about trouble with connections; what a job failed with is told by whoever runs it. */
export function libraryLog(tell: (message: string) => void): Logger {
  return new Logger(() => (level, message, meta) => {
    if ((String(level) === 'error' || String(level) === 'warning') && meta?.['failure'] !== true) tell(message);
  });
}
