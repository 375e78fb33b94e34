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

test.each([
  ['first', 'V', (key: string) => positionBetween('', key)],
  ['last', 'V', (key: string) => positionBetween(key, null)],
  ['first, after an even spread', evenPositions(5_000)[0], (key: string) => positionBetween('', key)],
  ['last, after an even spread', evenPositions(5_000).at(-1), (key: string) => positionBetween(key, null)],
])('a key stays short when 100,000 rows are put %s', (_, start, next) => {
  let key = start ?? '';
  for (let row = 0; row < 100_000; row += 1) key = next(key);
  expect(key).toHaveLength(7);
});

test('keys at an end that has no number left are still keys', () => {
  expect(positionBetween('zzzzzz', null) > 'zzzzzz').toBe(true);
  const first = positionBetween('', '000001');
  expect(first < '000001' && first > '' && !first.endsWith('0')).toBe(true);
});

test('even positions are in order, differ, and leave room everywhere', () => {
  for (const count of [0, 1, 2, 61, 62, 1000]) {
    const keys = evenPositions(count);
    expect([...keys].sort()).toEqual(keys);
    expect(new Set(keys).size).toBe(count);
    for (const key of keys) expect(key).not.toMatch(/0$/);
  }
});
