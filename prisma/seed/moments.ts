import type { Faker } from '@faker-js/faker';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Midnight (UTC) of that day: what is seeded twice on one day is the same. */
export function startOfDay(moment: Date): number {
  return Math.floor(moment.getTime() / DAY) * DAY;
}

/** Some moment between two, in office hours of a weekday wherever the span allows it. */
export function workTime(faker: Faker, from: number, to: number): number {
  let anywhere = from;
  for (let attempt = 0; attempt < 6; attempt += 1) {
    anywhere = faker.number.int({ min: from, max: Math.max(from, to) });
    const day = Math.floor(anywhere / DAY) * DAY;
    const office = day - weekendDays(day) * DAY + 7 * HOUR + faker.number.int({ min: 0, max: 10 * HOUR });
    if (office >= from && office <= to) return office;
  }
  return anywhere;
}

/** The next full half-hour in office hours of a weekday. */
export function appointment(faker: Faker, moment: number): number {
  const day = Math.floor(moment / DAY) * DAY;
  return day + (weekendDays(day) && 3 - weekendDays(day)) * DAY + 8 * HOUR + faker.number.int({ min: 0, max: 16 }) * (HOUR / 2);
}

/** ISO text, as PostgreSQL and JSON both take it. */
export function iso(moment: number): string {
  return new Date(moment).toISOString();
}

/** Days since Friday on a Saturday or Sunday; otherwise 0. */
function weekendDays(day: number): number {
  const weekday = new Date(day).getUTCDay();
  if (weekday === 6) return 1;
  return weekday === 0 ? 2 : 0;
}
