/** Tells the first few of a kind at once, and the others together, as one with a count, when the time is over. */
export interface Coalescer<Item> {
  add(item: Item): void;
  /** Tells what is counted, and waits until all is told. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface CoalescerSettings<Item> {
  /** Items with the same one are of a kind. */
  kindOf: (item: Item) => string;
  /** How many of a kind are told one by one, in this time. */
  first: number;
  spanMs: number;
  /** Kinds at a time; what is of yet another kind is counted as one of `other`. */
  mostKinds: number;
  other: (item: Item) => Item;
  /** One at a time; must not reject. @param times how many items it stands for; the last one is given. */
  tell: (item: Item, times: number) => Promise<void>;
}

interface Kind<Item> {
  seen: number;
  untold: number;
  last: Item;
}

/** However much is added, no more than (first + 1) × (mostKinds + 1) items are told in a span. @see Coalescer */
export function coalescer<Item>(settings: CoalescerSettings<Item>): Coalescer<Item> {
  const { kindOf, first, spanMs, mostKinds, other } = settings;
  const kinds = new Map<string, Kind<Item>>();
  let telling = Promise.resolve();
  const tell = (item: Item, times: number): void => void (telling = telling.then(() => settings.tell(item, times)));
  const count = (name: string, item: Item): void => {
    const kind = kinds.get(name) ?? { seen: 0, untold: 0, last: item };
    kinds.set(name, kind);
    kind.last = item;
    kind.seen += 1;
    if (kind.seen <= first) tell(item, 1);
    else kind.untold += 1;
  };
  const flush = (): Promise<void> => {
    for (const { untold, last } of kinds.values()) if (untold > 0) tell(last, untold);
    kinds.clear();
    return telling;
  };
  const timer = setInterval(() => void flush(), spanMs).unref();
  return {
    add: (item) => {
      const name = kindOf(item);
      if (kinds.has(name) || kinds.size < mostKinds) count(name, item);
      else count('', other(item));
    },
    flush,
    close: () => {
      clearInterval(timer);
      return flush();
    },
  };
}
