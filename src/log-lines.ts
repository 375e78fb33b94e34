import { pino, type Logger, type LoggerOptions } from 'pino';
import { faultOf } from './db/fault.js';
import { masked } from './lib/masking.js';

/**
 * What writes the log's lines. Loads none of the rooms, so that a process may have it that loads as little as it can.
 *
 * @param personal names under which nothing is told.
 * @param sink where the lines go; by default the process's standard output.
 */
export function logLines(
  level: string,
  readable: boolean,
  personal: ReadonlySet<string>,
  sink?: { write(line: string): void },
): Logger {
  const settings: LoggerOptions = {
    level,
    formatters: { log: (line) => masked(line, personal, faultOf) as Record<string, unknown> },
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
