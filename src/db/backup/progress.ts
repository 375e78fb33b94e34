const EVERY_MS = 2_000;

/** Says a line at most every two seconds, so that work of less than two seconds is silent. */
export function sayNowAndThen(say: (line: string) => void): (line: () => string) => void {
  let last = Date.now();
  return (line) => {
    if (Date.now() - last < EVERY_MS) return;
    last = Date.now();
    say(line());
  };
}

/** A number as people read it. */
export function readable(count: number): string {
  return count.toLocaleString('en');
}
