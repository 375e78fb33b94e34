import fc from 'fast-check';
import { evenPositions, positionBetween } from '../../src/lib/positions.js';

test('a position lies strictly between its neighbours, byte by byte, and leaves room before it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(1000), fc.double({ min: 0, max: 0.999999, noNaN: true })), { maxLength: 200 }),
      (steps) => {
        const keys: string[] = [];
        for (const [at, random] of steps) {
          const index = at % (keys.length + 1);
          const [before, after] = [keys[index - 1] ?? '', keys[index] ?? null];
          const key = positionBetween(before, after, () => random);
          expect(key).toMatch(/^[0-9A-Za-z]*[1-9A-Za-z]$/);
          expect(before < key && (after === null || key < after)).toBe(true);
          keys.splice(index, 0, key);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('keys stay short when rows are added at an end', () => {
  const walk = (next: (key: string) => string): number =>
    Array.from({ length: 500 }).reduce<string>((key) => next(key), 'V').length;
  expect(walk((key) => positionBetween(key, null))).toBeLessThan(200);
});

test('even positions are in order, differ, and leave room everywhere', () => {
  for (const count of [0, 1, 2, 61, 62, 1000]) {
    const keys = evenPositions(count);
    expect([...keys].sort()).toEqual(keys);
    expect(new Set(keys).size).toBe(count);
    for (const key of keys) expect(key).not.toMatch(/0$/);
  }
});
