import { lru, type Lru } from '../lib/lru.js';

/**
 * What statements are compiled to, by what they answer: text, openings and how their rows are read follow from the question and from
 * what its caller may see, and from nothing else about the caller. The same for all requests of a process.
 */
export type Shelf = Lru<unknown>;

/** Enough for every list of a client, in the ways its users filter it. */
const MOST_KEPT = 1_000;

/** @see Shelf */
export function openShelf(): Shelf {
  return lru(MOST_KEPT);
}

/** Makes something, or finds what was made under the same name before. */
export type Prepare = <Made>(name: string, make: () => Made) => Made;

/** @param sight what decides, of a caller, which statement answers a question: two callers with the same one share all of them. */
export function preparer(shelf: Shelf, sight: string): Prepare {
  return <Made>(name: string, make: () => Made): Made => {
    const key = `${sight} ${name}`;
    const known = shelf.get(key);
    if (known !== undefined) return known as Made;
    const made = make();
    shelf.set(key, made);
    return made;
  };
}
