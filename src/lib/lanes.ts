/** Work that takes turns: `lanes` at a time, a bounded number waiting. */
export type Lanes = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** @param refuse what is thrown at work that finds all lanes taken and `mostWaiting` waiting. */
export function openLanes(lanes: number, mostWaiting: number, refuse: () => Error): Lanes {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= lanes) {
      if (waiting.length >= mostWaiting) throw refuse();
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      // Whoever waits takes over the lane.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
