import { isAnswerText, type Counts } from '../../db/index.js';
import type { Population } from './evaluate.js';

/** Objects of an answer; of those that PostgreSQL wrote, their counts. */
export function answered(objects: readonly unknown[], counts: readonly Counts[] = []): Population {
  return {
    count: counts.reduce((sum, { count }) => sum + count, objects.length),
    below: (key) => {
      const below = counts.flatMap((counted) => counted.below[key] ?? []);
      return answeredBelow(gathered(objects, key), below);
    },
  };
}

function answeredBelow(found: readonly unknown[], counts: readonly Counts[]): Population {
  const texts = found.filter(isAnswerText);
  if (texts.length === 0) return answered(found, counts);
  return answered(
    found.filter((item) => !isAnswerText(item)),
    [...counts, ...texts.map((text) => text.counts)],
  );
}

/** Lists, and lists in lists, are laid flat; what is null is not there. */
function gathered(objects: readonly unknown[], key: string): unknown[] {
  const found: unknown[] = [];
  for (const object of objects) {
    const value = (object as Record<string, unknown>)[key];
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) found.push(...(value as unknown[]).filter((item) => item !== null));
    else found.push(value);
  }
  return found;
}
