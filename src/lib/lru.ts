/** A map that forgets what was used longest ago once its entries weigh more than `limit`. */
export interface Lru<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): boolean;
}

/** @param weigh what an entry counts; by default 1, so that `limit` is a number of entries. @see Lru */
export function lru<Value>(limit: number, weigh: (value: Value) => number = () => 1): Lru<Value> {
  const entries = new Map<string, { value: Value; weight: number }>();
  let total = 0;
  const remove = (key: string): boolean => {
    total -= entries.get(key)?.weight ?? 0;
    return entries.delete(key);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value) {
      remove(key);
      const weight = weigh(value);
      entries.set(key, { value, weight });
      total += weight;
      for (const oldest of entries.keys()) {
        if (total <= limit) break;
        remove(oldest);
      }
    },
    delete: remove,
  };
}
