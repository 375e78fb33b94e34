/** ISO 8601 durations with a sign, as far as people count in them: whole units, weeks among them. */

const DURATION = /^([+-]?)P(?=.)(\d{1,3}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,5}D)?(T(?=\d)(\d{1,6}H)?(\d{1,6}M)?(\d{1,6}S)?)?$/;

/** Whether a text means to be a duration, a good one or not. */
export function isLikeDuration(text: string): boolean {
  return /^[+-]?P/.test(text);
}

/** Whether a text is a duration of at most 999 years, 9,999 months, 9,999 weeks and 99,999 days: what timestamps can hold. */
export function isDuration(text: string): boolean {
  return DURATION.test(text);
}

/** Whether hours, minutes or seconds are part of a duration. */
export function hasTime(duration: string): boolean {
  return duration.includes('T');
}

/** The duration with its sign at each unit, where PostgreSQL wants it: -P1W2D → P-1W-2D. */
export function signedUnits(duration: string): string {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/.exec(duration) ?? [];
  return sign === '-' ? rest.replace(/\d+/g, (count) => `-${count}`) : rest;
}
