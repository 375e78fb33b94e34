import type { GraphQLLeafType } from 'graphql';
import { inspect } from 'graphql/jsutils/inspect.js';

/** A stored value as it is written; undefined when there is more to it than that. */
export function plainValue(type: GraphQLLeafType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'object' || typeof value === 'function') return undefined;
  try {
    return type.serialize(value) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The same in full (spec section 6.4.3, Result Coercion). @throws Error for what the type cannot write. */
export function leafValue(type: GraphQLLeafType, value: unknown): unknown {
  const serialized: unknown = type.serialize(value);
  if (serialized === null || serialized === undefined)
    throw new Error(
      `Expected \`${inspect(type)}.serialize(${inspect(value)})\` to return non-nullable value, returned: ${inspect(serialized)}`,
    );
  return serialized;
}
