/** A line for the person at the terminal; what machines read goes through the log. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Tells why Pulse could not go on and ends the process: the sentence alone for what a person can mend, the stack for a fault of ours. */
export function failed(error: unknown): never {
  process.stderr.write(`\n${reasonOf(error)}\n`);
  process.exit(1);
}

/** What is told of it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isExpected(error) ? error.message : (error.stack ?? error.message);
}

/** Errors made for the reader are plain; those of the language and of libraries have types and codes of their own. */
function isExpected(error: Error): boolean {
  return error.constructor === Error && !('code' in error);
}

/**
 * What a signal from the terminal or the system does from now on. Node's own way of ending skips its 'exit' handlers, and
 * with them the end of the PostgreSQL that was started here.
 */
export function onSignal(act: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeAllListeners(signal).on(signal, act);
}

/** Runs a command of the terminal. Leaving by process.exit stops the embedded PostgreSQL and clears away what is half made. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  onSignal(() => process.exit(INTERRUPTED));
  await main().catch(failed);
}

/** What a shell calls a command that Ctrl-C ended. */
const INTERRUPTED = 130;

const FORCED_AFTER_MS = 10_000;

/** The first signal lets what runs finish; a second one, or ten seconds, ends the process. */
export function stopOnce(stop: () => Promise<void>): () => void {
  let stopping = false;
  return () => {
    if (stopping) process.exit(1);
    stopping = true;
    say('Stopping …');
    setTimeout(() => process.exit(1), FORCED_AFTER_MS).unref();
    stop().then(
      () => process.exit(),
      (error: unknown) => failed(error),
    );
  };
}
