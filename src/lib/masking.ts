/** What stands in the place of what is masked or was erased. */
export const MASK = '[erased]';

/**
 * A copy of what a log line holds, with the values of certain names masked, however deep.
 *
 * @param tell what stands in the place of an error.
 */
export function masked(value: unknown, names: ReadonlySet<string>, tell: (error: Error) => unknown): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => masked(each, names, tell));
  if (value instanceof Error) return tell(value);
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).map(([name, held]) => [
    name,
    names.has(name) && held != null ? MASK : masked(held, names, tell),
  ]);
  return Object.fromEntries(entries) as unknown;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
