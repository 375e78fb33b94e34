import pg from 'pg';

/**
 * How PostgreSQL's texts become what the API answers: numeric, dates and bigints stay text, so that no digit is lost;
 * moments become RFC 3339 in UTC with milliseconds.
 */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === TIMESTAMPTZ) return utc;
    if (oid === NUMERIC || oid === DATE) return asText;
    return pg.types.getTypeParser(oid, format ?? 'text') as (text: string) => unknown;
  },
};

const TIMESTAMPTZ = 1184;
const NUMERIC = 1700;
const DATE = 1082;

function asText(text: string): string {
  return text;
}

/** '2026-03-01 09:30:00.5+00' (the session's zone is UTC) → '2026-03-01T09:30:00.500Z'. */
function utc(text: string): string {
  const whole = `${text.slice(0, 10)}T${text.slice(11, 19)}`;
  const fraction = text.slice(19, text.indexOf('+', 19)).slice(1, 4);
  return `${whole}.${fraction.padEnd(3, '0')}Z`;
}
