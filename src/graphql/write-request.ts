import { createHash } from 'node:crypto';
import {
  getArgumentValues,
  getDirectiveValues,
  GraphQLError,
  type ASTVisitor,
  type FieldNode,
  type GraphQLResolveInfo,
  type ValidationContext,
} from 'graphql';
import type { WriteRequest } from '../db/index.js';
import { invalid } from '../errors.js';
import { canonical } from '../lib/canonical.js';

const LONGEST_KEY = 255;

/** What of a mutation field concerns its change: where it came from, and the idempotency it asks for. */
export function writeRequest(
  info: GraphQLResolveInfo,
  requestId: string,
  ip: string | null,
): Pick<WriteRequest, 'origin' | 'idempotency'> {
  return { origin: originOf(info, requestId, ip), idempotency: idempotencyClaim(info) };
}

/** Where a mutation field came from. */
export function originOf(info: GraphQLResolveInfo, requestId: string, ip: string | null): WriteRequest['origin'] {
  return { requestId, ip, operation: info.operation.name?.value ?? null };
}

/** The idempotency claim of a field, or null without the directive. @throws DomainError INVALID_INPUT for an empty or long key. */
function idempotencyClaim(info: GraphQLResolveInfo): WriteRequest['idempotency'] {
  const directive = info.schema.getDirective('idempotent');
  // A field that is selected twice is one field; the directive may stand on either.
  const node = info.fieldNodes.find(hasDirective) ?? info.fieldNodes[0];
  const values = directive && node ? getDirectiveValues(directive, node, info.variableValues) : undefined;
  if (!values) return null;
  const key = values['key'] as string;
  if (key === '' || key.length > LONGEST_KEY || key.includes('\0')) {
    throw invalid(['key'], `An idempotency key has 1 to ${LONGEST_KEY} characters.`, 'OUT_OF_RANGE');
  }
  const field = info.parentType.getFields()[info.fieldName];
  const args = field && node ? getArgumentValues(field, node, info.variableValues) : {};
  const hash = createHash('sha256').update(canonical(args)).digest('base64url');
  return { key, request: `${info.fieldName} ${hash}` };
}

/** @throws DomainError INVALID_INPUT when a field that cannot promise it carries `@idempotent`. */
export function refuseIdempotency(info: GraphQLResolveInfo): void {
  if (info.fieldNodes.some(hasDirective))
    throw invalid(
      ['key'],
      `${info.fieldName} does not take @idempotent; its description says how to repeat it.`,
      'NOT_SUPPORTED',
    );
}

/** Validates that `@idempotent` stands where somebody looks for it: a client that repeats its request relies on it. */
export function idempotencyAtMutations(context: ValidationContext): ASTVisitor {
  return {
    Field: (node) => {
      if (!hasDirective(node) || context.getParentType() === context.getSchema().getMutationType()) return;
      const message = `@idempotent makes mutations safe to repeat; "${node.name.value}" is none. Put it at the field of the mutation.`;
      context.reportError(new GraphQLError(message, { nodes: node }));
    },
  };
}

function hasDirective(node: FieldNode): boolean {
  return node.directives?.some((directive) => directive.name.value === 'idempotent') ?? false;
}
