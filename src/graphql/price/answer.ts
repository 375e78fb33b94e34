import type { Population } from './evaluate.js';

/** Objects of an answer. */
export function answered(objects: readonly unknown[]): Population {
  return { count: objects.length, below: (key) => answered(gathered(objects, key)) };
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
