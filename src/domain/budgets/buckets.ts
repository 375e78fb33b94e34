import type { BucketSize, TakeLease } from '../../db/index.js';

/** A bucket as this instance knows it: what it holds of it by itself, and what it left in it. */
export interface Bucket {
  /** Takes points. @returns the seconds until they are there, when they are not; 0 when they were taken. */
  take(points: number, size: BucketSize): Promise<number>;
  /** Takes back what was taken and not used. */
  giveBack(points: number): void;
  /** What is left, as far as this instance knows. */
  left(size: BucketSize): number;
}

/** A lease is enough for so many seconds of what comes back. */
const CHUNK_SECONDS = 2;
/** What was leased and not used for so long has come back into the bucket meanwhile. */
const IDLE_MS = 60_000;

/** @see Bucket */
export function openBucket(key: string, lease: TakeLease): Bucket {
  let [held, left, asked, used] = [0, Infinity, performance.now(), performance.now()];
  let leasing: Promise<void> | null = null;
  /** Others take out of it too, so it never holds more than this. */
  const inStore = ({ capacity, restoreRate }: BucketSize): number =>
    Math.min(capacity, left + (restoreRate * (performance.now() - asked)) / 1_000);
  const fetch = async (least: number, size: BucketSize): Promise<void> => {
    const wanted = least + size.restoreRate * CHUNK_SECONDS;
    const answer = await lease({ key, ...size, wanted, least });
    [held, left, asked] = [held + answer.granted, answer.left, performance.now()];
  };
  const ended = (): void => void (leasing = null);
  return {
    take: async (points, size) => {
      const now = performance.now();
      if (now - used > IDLE_MS) held = 0;
      used = now;
      while (held < points) {
        const missing = points - held - inStore(size);
        if (missing > 0) return Math.max(1, Math.ceil(missing / size.restoreRate));
        leasing ??= fetch(points - held, size).finally(ended);
        await leasing;
      }
      held -= points;
      return 0;
    },
    giveBack: (points) => {
      held += points;
    },
    left: (size) => Math.max(0, Math.floor(Math.min(size.capacity, held + inStore(size)))),
  };
}
