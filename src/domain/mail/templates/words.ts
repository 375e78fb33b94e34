/** What a mail says: plain text, whatever people typed included. */
export interface Words {
  subject: string;
  greeting: string;
  paragraphs: string[];
  /** The one thing to do. */
  action?: { label: string; link: string };
  /** After the action: how long it is good for, what to do if it was not you. */
  notes: string[];
}

const LONGEST_NAME = 80;

/** A name that somebody else typed, in a mail to a stranger: one line, short, and no link that a mail program would make. */
export function named(name: string): string {
  const line = name
    .replace(/\p{Cc}|\p{Zl}|\p{Zp}/gu, ' ')
    .replace(/:\/\/|\bwww\./gi, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > LONGEST_NAME ? `${[...line].slice(0, LONGEST_NAME).join('')}…` : line;
}

/** How long something is valid, in the largest unit that fits evenly. */
export function duration(
  minutes: number,
  units: Record<'day' | 'hour' | 'minute', readonly [one: string, many: string]>,
): string {
  const [unit, size] =
    minutes % 1_440 === 0 ? (['day', 1_440] as const) : minutes % 60 === 0 ? (['hour', 60] as const) : (['minute', 1] as const);
  const count = minutes / size;
  return `${count} ${units[unit][count === 1 ? 0 : 1]}`;
}
