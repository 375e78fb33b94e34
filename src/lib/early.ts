/**
 * Begins something whose result is awaited later, or never: when what comes before it fails, nobody hears of its own failure. Without this, that
 * would end the process (https://nodejs.org/api/process.html#event-unhandledrejection).
 */
export function early<Value>(begun: Promise<Value>): Promise<Value> {
  begun.catch(() => undefined);
  return begun;
}
