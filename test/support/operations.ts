import {
  getNamedType,
  isInterfaceType,
  isObjectType,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';

/** An operation over the schema, and the values of its variables. */
export interface RandomOperation {
  query: string;
  variables: Record<string, unknown>;
}

/** A whole number from 0 to below `end`. */
export type Below = (end: number) => number;

interface Draft {
  below: Below;
  schema: GraphQLSchema;
  declared: string[];
  variables: Record<string, unknown>;
  fragments: string[];
  aliases: number;
  /** Fields that may still be selected: documents are bounded. */
  room: number;
}

type Composite = GraphQLObjectType | GraphQLInterfaceType;

const DEEPEST = 5;
/** Need arguments that only rows can bring, or end what they are asked with. */
const LEFT_OUT = ['__schema', 'conversion', 'invitations', 'apiKeys', 'sessions', 'permissions'];

/**
 * A random query: connections with sizes as literals, variables, defaults and not at all; fragments with and without a name; aliases;
 * fields that `@skip` and `@include` leave out. Everything in it can be executed.
 *
 * @param most rows of a page.
 */
export function randomQuery(schema: GraphQLSchema, below: Below, most: number): RandomOperation {
  const draft: Draft = { below, schema, declared: [], variables: {}, fragments: [], aliases: 0, room: 40 };
  const selection = selectionOf(draft, schema.getQueryType() as GraphQLObjectType, 0, most);
  const declared = draft.declared.length > 0 ? `(${draft.declared.join(', ')})` : '';
  return { query: [`query Random${declared} ${selection}`, ...draft.fragments].join('\n'), variables: draft.variables };
}

function selectionOf(draft: Draft, type: Composite, depth: number, most: number): string {
  const fields = Object.values(type.getFields()).filter(({ name }) => !LEFT_OUT.includes(name));
  const deeper = fields.filter(({ type: of }) => isComposite(getNamedType(of)) && depth < DEEPEST);
  const chosen = Array.from({ length: isWrapper(type) ? 3 : 1 + draft.below(2) }, () => pick(draft, deeper)).flatMap((field) =>
    field ? [selected(draft, field, depth, most)] : [],
  );
  const leaves = fields.filter(
    ({ type: of, args }) => !isComposite(getNamedType(of)) && args.length === 0 && draft.below(4) === 0,
  );
  const narrower = isInterfaceType(type) ? [narrowed(draft, type, depth, most)] : [];
  const id = 'id' in type.getFields() ? ['id'] : [];
  return `{ __typename ${[...id, ...leaves.map(({ name }) => name), ...chosen, ...narrower].join(' ')} }`;
}

function isWrapper({ name }: Composite): boolean {
  return /(Connection|Edge|Hit)$/.test(name);
}

function isComposite(type: unknown): type is Composite {
  return isObjectType(type) || isInterfaceType(type);
}

function selected(draft: Draft, field: GraphQLField<unknown, unknown>, depth: number, most: number): string {
  draft.room -= 1;
  if (draft.room < 0) return '';
  const of = getNamedType(field.type) as Composite;
  draft.aliases += 1;
  const written = `a${draft.aliases}: ${field.name}${argumentsOf(draft, field, most)}${condition(draft)} ${below(draft, of, depth, most)}`;
  // Now and then the same field a second time: it is one field of the answer.
  return draft.below(8) === 0 ? `${written} ${written}` : written;
}

function below(draft: Draft, type: Composite, depth: number, most: number): string {
  const selection = selectionOf(draft, type, depth + 1, most);
  if (draft.below(4) === 0) return `{ ... on ${type.name} ${selection} }`;
  if (draft.below(4) > 0) return selection;
  const name = `F${draft.fragments.length}`;
  draft.fragments.push(`fragment ${name} on ${type.name} ${selection}`);
  return `{ ...${name} }`;
}

function narrowed(draft: Draft, type: GraphQLInterfaceType, depth: number, most: number): string {
  const possible = draft.schema
    .getPossibleTypes(type)
    .filter(({ name }) => ['Deal', 'Contact', 'ActivityEntry', 'ChangeEntry'].includes(name));
  return possible.map((each) => `... on ${each.name} ${selectionOf(draft, each, depth + 1, most)}`).join(' ');
}

function argumentsOf(draft: Draft, field: GraphQLField<unknown, unknown>, most: number): string {
  const given = field.args.flatMap((arg): string[] => {
    if (arg.name === 'first') return sizeOf(draft, field, most);
    const needed = NEEDED[`${field.name}.${arg.name}`] ?? NEEDED[arg.name];
    if (arg.name === 'filter' && draft.below(3) === 0)
      return [`filter: ${draft.below(2) ? '{}' : '{ not: { id: { in: [] } } }'}`];
    return needed && String(arg.type).endsWith('!') ? [`${arg.name}: ${needed}`] : [];
  });
  const special = field.name === 'pipelineAsOf' ? ['date: "2026-11-25"'] : [];
  return [...given, ...special].length > 0 ? `(${[...given, ...special].join(', ')})` : '';
}

const NEEDED: Readonly<Record<string, string>> = {
  id: '"00000000-0000-4000-8000-000000000000"',
  from: '"2020-01-01"',
  to: '"2030-01-01"',
  query: '"ada"',
};

function sizeOf(draft: Draft, field: GraphQLField<unknown, unknown>, most: number): string[] {
  const size = 1 + draft.below(most);
  const name = field.args.some((arg) => arg.name === 'last') && draft.below(4) === 0 ? 'last' : 'first';
  const variable = `v${draft.declared.length}`;
  switch (draft.below(5)) {
    case 0:
      return most < 25 ? [`${name}: ${size}`] : [];
    case 1:
      draft.declared.push(`$${variable}: Int`);
      draft.variables[variable] = size;
      return [`${name}: $${variable}`];
    case 2:
      draft.declared.push(`$${variable}: Int = ${size}`);
      return [`${name}: $${variable}`];
    default:
      return [`${name}: ${size}`];
  }
}

function condition(draft: Draft): string {
  if (draft.below(5) > 0) return '';
  const variable = `v${draft.declared.length}`;
  draft.declared.push(`$${variable}: Boolean!`);
  draft.variables[variable] = draft.below(2) === 0;
  return ` @${draft.below(2) ? 'skip' : 'include'}(if: $${variable})`;
}

function pick<Item>(draft: Draft, items: readonly Item[]): Item | undefined {
  return items[draft.below(items.length)];
}
