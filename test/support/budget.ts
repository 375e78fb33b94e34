import { AsyncLocalStorage } from 'node:async_hooks';
import {
  getNamedType,
  getOperationAST,
  isInterfaceType,
  isLeafType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import type { Execute } from '../../src/graphql/compiled/index.js';

/** Where the statements of an operation are counted, whatever else runs at the time. */
const counting = new AsyncLocalStorage<string[]>();

/** An operation that took more statements than its shape allows. */
export interface Overrun {
  query: string;
  allowed: number;
  statements: string[];
}

/** Is told of every statement of the read side; a transaction's beginning is not counted. */
export function countStatement(text: string): void {
  if (text !== 'BEGIN') counting.getStore()?.push(text);
}

/** An executor that holds the statements of every operation against what its shape allows. */
export function budgeted(make: (schema: GraphQLSchema) => Execute, overruns: Overrun[]): (schema: GraphQLSchema) => Execute {
  return (schema) => {
    const executor = make(schema);
    return (operation) =>
      counting.run([], async () => {
        const result = await executor(operation);
        const { document, operationName } = operation;
        const statements = counting.getStore() ?? [];
        const allowed = statementsAllowed(schema, document, operationName) + definitionsOf(operation);
        if (statements.length > allowed) overruns.push({ query: document.loc?.source.body ?? '', allowed, statements });
        return result;
      });
  };
}

/** What the custom fields are that filters and orders name. */
function definitionsOf({ document, variables }: Parameters<Execute>[0]): number {
  const named = /"?\bcustomFields"?\s*:/;
  return named.test(document.loc?.source.body ?? '') || named.test(JSON.stringify(variables)) ? 1 : 0;
}

/** Fails when an operation took more statements than it may. */
export function checkBudgets(overruns: Overrun[]): void {
  const [first] = overruns;
  if (!first) return;
  const { query, allowed, statements } = first;
  throw new Error(
    `${overruns.length} operations took more SQL statements than their shape allows. The first one may take ${allowed} and took ` +
      `${statements.length}: ${query}\n${statements.join('\n\n')}`,
  );
}

/**
 * How many statements an operation may take: one for each place in it where something else is read, whatever the number of rows. Who
 * asks for the same at two places may pay for both.
 */
export function statementsAllowed(schema: GraphQLSchema, document: DocumentNode, operationName?: string | null): number {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  return operation && root ? allowedIn(operation.selectionSet, root, { schema, document }) : 0;
}

interface Asked {
  schema: GraphQLSchema;
  document: DocumentNode;
}

function allowedIn({ selections }: SelectionSetNode, type: GraphQLNamedType, asked: Asked): number {
  return selections.reduce((sum, selection) => {
    if (selection.kind === Kind.FIELD) return sum + allowedFor(selection, type, asked);
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragmentOf(selection.name.value, asked) : selection;
    const condition = fragment?.typeCondition?.name.value;
    const on = condition ? asked.schema.getType(condition) : type;
    return sum + (fragment && on ? allowedIn(fragment.selectionSet, on, asked) : 0);
  }, 0);
}

function fragmentOf(name: string, { document }: Asked) {
  return document.definitions.find((part) => part.kind === Kind.FRAGMENT_DEFINITION && part.name.value === name) as
    Extract<DocumentNode['definitions'][number], { kind: Kind.FRAGMENT_DEFINITION }> | undefined;
}

/** What its parent's own statement brings. */
const PARTS = new Set(['edges', 'node', 'nodes', 'pageInfo', 'viewerCan', 'settings', 'permissions']);

function allowedFor({ name: { value: name }, selectionSet }: FieldNode, parent: GraphQLNamedType, asked: Asked): number {
  const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
  if (!field) return 0;
  const target = getNamedType(field.type);
  if (isLeafType(target) || !selectionSet) return (name === 'totalCount' ? 1 : 0) + moreFor(name, parent);
  const within = allowedIn(selectionSet, target, asked) + moreFor(name, parent);
  if (PARTS.has(name)) return within;
  if (isConnection(target)) return within + (hasRows(selectionSet) ? 1 : 0);
  return within + (isRecord(target) || isReadApart(parent, asked) ? 1 : 0);
}

/** What a place may take beyond that, and why. */
const MORE: Record<string, number> = {
  // Looked for once more with words spelt alike; its records are read by type.
  'Query.search': 1 + 4,
  // Activities, and the values of facts.
  timeline: 2,
  // The entry, which says whose it is.
  'ConsentPayload.contact': 1,
  // The organization's purposes, and the last entry.
  'Contact.consentStatus': 2,
  // The organization's definitions.
  customFields: 1,
  'TagPayload.tag': 1,
  // What comes before, erasures and the head; more only for more facts than a page of theirs.
  'Query.auditVerify': 4,
  // Open deals, contacts, companies and activities.
  'ReassignPayload.remaining': 4,
  // The contact, and what is counted.
  'Query.erasurePreview': 1,
  // The contact, before its export and with it; of each kind of row about them the rows, what is known of them, and what they refer to.
  'Query.subjectExport': 1,
  'SubjectExportPayload.subjectExport': 1,
  'Mutation.exportSubject': 60,
  // What is over is counted, and some of it shown.
  'Query.retentionPreview': 2,
  'Mutation.activateRetentionRule': 2,
  // Who asks, for their password.
  'Mutation.transferOwnership': 1,
  'Mutation.deleteOrganization': 1,
  'Mutation.exportOrganization': 1,
};

function moreFor(name: string, parent: GraphQLNamedType): number {
  return MORE[`${parent.name}.${name}`] ?? MORE[name] ?? 0;
}

const isConnection = (type: GraphQLNamedType): boolean => type.name.endsWith('Connection');

/** Whether a page is asked for, and not its count or totals alone. */
function hasRows({ selections }: SelectionSetNode): boolean {
  return selections.some(
    (part) => part.kind !== Kind.FIELD || ['edges', 'nodes', 'pageInfo', '__typename'].includes(part.name.value),
  );
}

function isRecord(type: GraphQLNamedType): boolean {
  return isInterfaceType(type) || (isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node'));
}

/** Values of a record, of a list or of the organization may be read by a statement of their own; values within values may not. */
function isReadApart(parent: GraphQLNamedType, { schema }: Asked): boolean {
  return parent === schema.getQueryType() || isConnection(parent) || isRecord(parent);
}
