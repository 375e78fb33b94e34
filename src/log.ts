import { pino, type Logger, type LoggerOptions } from 'pino';
import { faultOf } from './db/index.js';
import { personalData, personalNames } from './domain/personal-data.js';
import { graph } from './domain/index.js';
import { readSdl } from './graphql/schema.js';
import { masked } from './lib/masking.js';

/**
 * Log lines as JSON, or readable while developing. Never any personal data: whatever a line calls like a personal field of the schema is
 * masked, and of errors only what `faultOf` tells.
 *
 * @param sink where the lines go; by default the process's standard output.
 */
export function makeLog(level: string, readable: boolean, root: string, sink?: { write(line: string): void }): Logger {
  const names = personalNames(personalData(readSdl(root), graph));
  const settings: LoggerOptions = {
    level,
    formatters: { log: (line) => masked(line, names, faultOf) as Record<string, unknown> },
    // Errors are faults by then; addresses and headers of requests and answers stay out.
    serializers: { err: (fault: unknown) => fault, req: methodOf, res: () => undefined },
    hooks: { logMethod: withOwnMessage },
  };
  if (readable) return pino({ ...settings, transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } });
  return sink ? pino(settings, sink) : pino(settings);
}

function methodOf({ method }: { method?: string }): { method: string | undefined } {
  return { method };
}

type LogMethod = NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']>;

/** Where a line has an error and no message, pino would take the error's. */
const withOwnMessage: LogMethod = function withOwnMessage(args, method) {
  const [first, message] = args as unknown[];
  if (typeof first === 'string' || typeof message === 'string') return method.apply(this, args);
  return method.apply(this, [first as never, 'fault']);
};
