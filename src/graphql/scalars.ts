import { GraphQLError, Kind, valueFromASTUntyped, type GraphQLScalarType, type ValueNode } from 'graphql';
import { hasTime, isDuration, isLikeDuration } from '../lib/durations.js';
import { GraphQLCurrency, GraphQLDateTimeISO, GraphQLJSON, GraphQLLocalDate } from 'graphql-scalars';

/**
 * The contract's scalars. Input is validated; output is passed through, because one bad stored value must not null a list:
 * that what is stored is right is the work of constraints.
 */
export const scalars = {
  DateTime: textScalar('DateTime', parseDateTime),
  DateTimeOrDuration: textScalar('DateTimeOrDuration', parseMoment),
  LocalDate: textScalar('LocalDate', parseLocalDate),
  LocalDateOrDuration: textScalar('LocalDateOrDuration', parseDay),
  Decimal: textScalar('Decimal', parseDecimal),
  Rate: textScalar('Rate', parseRate),
  CurrencyCode: textScalar('CurrencyCode', (text) => GraphQLCurrency.parseValue(text).toUpperCase()),
  JSON: GraphQLJSON,
  TimeZone: textScalar('TimeZone', parseTimeZone),
};

type Coercion = Pick<GraphQLScalarType<string, unknown>, 'parseValue' | 'parseLiteral' | 'serialize'>;

/** Functions rather than a whole scalar type, whose missing description would replace the SDL's. */
function textScalar(name: string, parse: (text: string) => string): Coercion {
  const parseValue = (value: unknown): string => {
    if (typeof value !== 'string') throw new GraphQLError(`${name} is written as a string.`);
    return parse(value);
  };
  return {
    parseValue,
    parseLiteral: (node: ValueNode) => parseValue(node.kind === Kind.STRING ? node.value : valueFromASTUntyped(node)),
    serialize: (value) => value,
  };
}

function parseDateTime(text: string): string {
  const moment = GraphQLDateTimeISO.parseValue(text);
  if (moment.getUTCFullYear() < 1 || moment.getUTCFullYear() > 9999)
    throw new GraphQLError('The year must be between 0001 and 9999.');
  return moment.toISOString();
}

function parseMoment(text: string): string {
  return isLikeDuration(text) ? parseDuration(text) : parseDateTime(text);
}

function parseDay(text: string): string {
  if (!isLikeDuration(text)) return parseLocalDate(text);
  if (hasTime(text)) throw new GraphQLError('A date has no time of day: leave out hours, minutes and seconds.');
  return parseDuration(text);
}

function parseDuration(text: string): string {
  if (!isDuration(text))
    throw new GraphQLError('A duration looks like "-P2W", "P1D" or "-PT12H": whole numbers, the longest unit first.');
  return text;
}

function parseLocalDate(text: string): string {
  const date = GraphQLLocalDate.parseValue(text);
  if (date.startsWith('0000')) throw new GraphQLError('The year must be between 0001 and 9999.');
  return date;
}

/** At most 20 digits before and 4 after the point: what the column holds. */
const DECIMAL = /^-?\d{1,20}(\.\d{1,4})?$/;

function parseDecimal(text: string): string {
  if (!DECIMAL.test(text)) {
    throw new GraphQLError('A decimal looks like "1234.50": at most 20 digits before the point and 4 after it.');
  }
  return text;
}

/** At most 12 digits before and 12 after the point: what the column holds. */
const RATE = /^\d{1,12}(\.\d{1,12})?$/;

function parseRate(text: string): string {
  if (!RATE.test(text) || !/[1-9]/.test(text)) {
    throw new GraphQLError('A rate looks like "1.0825": more than zero, at most 12 digits before the point and 12 after it.');
  }
  return text;
}

/** Offsets like +01:00, which Intl takes too, are no time zones: they know no summer. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

function parseTimeZone(text: string): string {
  if (text.length > 64 || !ZONE_NAME.test(text) || !isKnownZone(text)) {
    throw new GraphQLError('A time zone has a name of the IANA database, for example "Europe/Berlin".');
  }
  return text;
}

function isKnownZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
