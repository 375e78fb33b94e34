import { Presets, SingleBar } from 'cli-progress';

/** Rows that are in, and when the rest will be; silent when nobody watches a terminal. */
export function showProgress(total: number): { advance: (rows: number) => void; stop: () => void } {
  const format = '{bar} {percentage} % | {value}/{total} rows | {eta_formatted} left';
  const bar = new SingleBar({ format, hideCursor: true, etaBuffer: 20 }, Presets.shades_classic);
  bar.start(total, 0);
  return { advance: (rows) => bar.increment(rows), stop: () => bar.stop() };
}
