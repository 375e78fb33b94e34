const PATIENCE_MS = 2_000;

/** Says `line` if `work` takes longer than two seconds. */
export async function sayWhenSlow<T>(say: (line: string) => void, line: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => say(line), PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
