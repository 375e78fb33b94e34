import { randomUUID } from 'node:crypto';

/** JSON that is written already. `stringify` leaves it as it is, and JSON.stringify writes the same value. */
export interface ReadyJson {
  readonly json: string;
  toJSON(): unknown;
}

/** @see ReadyJson */
export function readyJson<More extends object>(json: string, more: More): ReadyJson & More {
  return { ...more, json, toJSON: () => (met ? (met.push(json), MARK) : (JSON.parse(json) as unknown)) };
}

export function isReadyJson(value: unknown): value is ReadyJson {
  return typeof (value as ReadyJson | null | undefined)?.json === 'string' && 'toJSON' in (value as ReadyJson);
}

/** JSON.stringify, with ready JSON where it stands. */
export function stringify(value: unknown): string {
  met = [];
  try {
    const text = JSON.stringify(value);
    if (met.length === 0) return text;
    const [start = '', ...rest] = text.split(`"${MARK}"`);
    return rest.reduce((written, piece, index) => written + (met?.[index] ?? '') + piece, start);
  } finally {
    met = null;
  }
}

/** Stands for ready JSON while the rest is written. Nobody outside of this process has ever seen it. */
const MARK = randomUUID();

/** What has been met by the `stringify` that runs, in order. */
let met: string[] | null = null;
