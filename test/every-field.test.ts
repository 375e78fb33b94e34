import {
  GraphQLObjectType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isEnumType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType as ObjectType,
} from 'graphql';
import { OPERATORS, kindOf, type Entity } from '../src/db/graph.js';
import { PUBLIC_FIELDS, graph } from '../src/domain/index.js';
import { buildSchema } from '../src/graphql/schema.js';
import { openStage, type Stage } from './support/app.js';
import { ROOT } from './support/cluster.js';

const schema = buildSchema(ROOT);
const roots = [schema.getQueryType(), schema.getMutationType()].filter(
  (type): type is ObjectType => type instanceof GraphQLObjectType,
);
const rootFields = roots.flatMap((type) =>
  Object.values(type.getFields()).map((field): [string, ObjectType, GraphQLField<unknown, unknown>] => [
    `${type.name}.${field.name}`,
    type,
    field,
  ]),
);

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** A value that satisfies an input type, so that the field itself is reached. */
function sample(type: GraphQLInputType): string {
  if (isNonNullType(type)) return sample(type.ofType);
  if (isListType(type)) return '[]';
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    const [some] = type.isOneOf ? Object.values(type.getFields()) : [];
    return `{ ${[...required, ...(some ? [some] : [])].map((field) => `${field.name}: ${sample(field.type)}`).join(', ')} }`;
  }
  return { Int: '1', Float: '1', Boolean: 'true' }[type.name] ?? SAMPLES[type.name] ?? '"00000000-0000-7000-8000-000000000000"';
}

const SAMPLES: Record<string, string> = {
  DateTime: '"2026-01-01T00:00:00Z"',
  LocalDate: '"2026-01-01"',
  Decimal: '"1"',
  Rate: '"1"',
  CurrencyCode: '"EUR"',
  TimeZone: '"UTC"',
  JSON: '{}',
};

function call(type: ObjectType, field: GraphQLField<unknown, unknown>): string {
  const args = field.args.filter((arg) => isNonNullType(arg.type)).map((arg) => `${arg.name}: ${sample(arg.type)}`);
  const named = schema.getType(String(field.type).replace(/[[\]!]/g, ''));
  const selection = isObjectType(named) || isInterfaceType(named) ? '{ __typename }' : '';
  return `${type === schema.getMutationType() ? 'mutation' : 'query'} { ${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''} ${selection} }`;
}

test.each(rootFields.filter(([name]) => !PUBLIC_FIELDS.includes(name)))(
  '%s answers a visitor UNAUTHENTICATED, without SQL',
  async (_, type, field) => {
    for (const token of [
      undefined,
      'not-a-token',
      stage.app.door.tokens.sign({ orgId: 'x', userId: 'y', via: { kind: 'SESSION', sessionId: 'z' }, role: 'OWNER' }).token,
    ]) {
      stage.statements();
      const { errors, status } = await stage.send(call(type, field), { token });
      expect(errors?.map((error) => error.extensions.code)).toEqual(['UNAUTHENTICATED']);
      expect(status).toBe(200);
      expect(stage.statements()).toEqual([]);
    }
  },
);

test('public fields exist and are few', () => {
  expect(rootFields.map(([name]) => name)).toEqual(expect.arrayContaining([...PUBLIC_FIELDS]));
  expect([...PUBLIC_FIELDS].sort()).toEqual([
    'Mutation.acceptInvitation',
    'Mutation.confirmEmailChange',
    'Mutation.confirmRegistration',
    'Mutation.login',
    'Mutation.refreshToken',
    'Mutation.register',
    'Mutation.requestPasswordReset',
    'Mutation.resetPassword',
  ]);
});

test('every type, field, argument, enum value and input field has a description', () => {
  const bare: string[] = [];
  const look = (name: string, described: { description?: string | null | undefined }): unknown =>
    described.description || bare.push(name);
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || ['String', 'Int', 'Boolean', 'ID', 'Float'].includes(type.name)) continue;
    look(type.name, type);
    if (isEnumType(type)) type.getValues().forEach((value) => look(`${type.name}.${value.name}`, value));
    if (!('getFields' in type)) continue;
    for (const field of Object.values(type.getFields())) {
      look(`${type.name}.${field.name}`, field);
      if ('args' in field)
        (field as GraphQLField<unknown, unknown>).args.forEach((arg) => look(`${type.name}.${field.name}(${arg.name})`, arg));
    }
  }
  expect(bare).toEqual([]);
});

test('what has an id is a Node, and what has no identity has no id', () => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    expect([type.name, 'id' in type.getFields()]).toEqual([type.name, type.getInterfaces().some((item) => item.name === 'Node')]);
  }
});

/** The sentence that a filter's description ends with. */
function indexedFor(operators: readonly string[]): string {
  const names = operators.map((operator) => `\`${operator}\``);
  const last = names.pop();
  if (!last) return '';
  return `Indexed for ${names.length > 0 ? `${names.join(', ')} and ` : ''}${last}.`;
}

const filtered = [...graph.values()].flatMap((entity) => {
  const filter = schema.getType(`${entity.type}Filter`);
  return isInputObjectType(filter) ? [{ entity, filter }] : [];
});

/** Every relation is a filter of the same name, if what it leads to can be filtered. */
function relationFilters(entity: Entity): Record<string, string> {
  const typeOf = (table: string): string | undefined => filtered.find((other) => other.entity.table === table)?.entity.type;
  const single = Object.entries(entity.toOne).map(([name, relation]) => [name, typeOf(relation.entity), 'Filter']);
  const list = Object.entries(entity.toMany).map(([name, relation]) => [name, typeOf(relation.entity), 'ListFilter']);
  return Object.fromEntries([...single, ...list].flatMap(([name, type, kind]) => (type ? [[name, `${type}${kind}`]] : [])));
}

test('rooms declare exactly the filters and operators that the schema offers, and each says which of them are indexed', () => {
  expect(filtered.map(({ entity }) => entity)).toEqual(expect.arrayContaining([...graph.values()].filter(({ root }) => root)));
  for (const { entity, filter } of filtered) {
    const offered = Object.values(filter.getFields()).filter(({ name }) => !['and', 'or', 'not'].includes(name));
    const related = relationFilters(entity);
    const declared = [...Object.keys(entity.filters), ...Object.keys(entity.families), ...Object.keys(related)];
    expect([entity.type, offered.map(({ name }) => name).sort()]).toEqual([entity.type, declared.sort()]);
    for (const [name, type] of Object.entries(related)) expect(String(filter.getFields()[name]?.type)).toBe(type);
    for (const { name, type, description } of offered) {
      const indexed = entity.filters[name];
      if (!indexed || !isInputObjectType(type)) continue;
      const { kind } = kindOf(entity, entity.aliases[name] ?? name);
      expect([entity.type, name, Object.keys(type.getFields()).sort()]).toEqual([entity.type, name, [...OPERATORS[kind]].sort()]);
      expect([entity.type, name, /Indexed.*$/.exec(description ?? '')?.[0] ?? '']).toEqual([
        entity.type,
        name,
        indexedFor(indexed),
      ]);
    }
  }
});

test('rooms declare exactly the orders that the schema offers, and each says whether it is indexed or bounded', () => {
  const ordered = [...graph.values()].flatMap((entity) => {
    const order = schema.getType(`${entity.type}Order`);
    return isInputObjectType(order) ? [{ entity, order }] : [];
  });
  expect(ordered.map(({ entity }) => entity)).toEqual(expect.arrayContaining([...graph.values()].filter(({ root }) => root)));
  for (const { entity, order } of ordered) {
    expect(entity.orders).toEqual(expect.arrayContaining(Object.values(entity.stands).map((key) => key.for)));
    expect(order.isOneOf).toBe(true);
    const related = Object.entries(entity.toOne).filter(([, { entity: table }]) =>
      ordered.some((other) => other.entity.table === table),
    );
    const offered = Object.values(order.getFields()).map(({ name, description }) => [
      name,
      / (Indexed|Bounded)\b[^.]*\.$/.exec(description ?? '')?.[1],
    ]);
    expect([entity.type, Object.fromEntries(offered)]).toEqual([
      entity.type,
      Object.fromEntries([
        ...[...entity.orders, ...Object.keys(entity.stands)].map((name) => [name, 'Indexed']),
        ...[...entity.bounded, ...related.map(([name]) => name)].map((name) => [name, 'Bounded']),
        ...Object.keys(entity.families)
          .filter((name) => entity.families[name]?.order)
          .map((name) => [name, expect.stringMatching(/Indexed|Bounded/)]),
      ]),
    ]);
  }
});

test('to-one relations to what can be deleted are nullable, connections are not, and their totals are', () => {
  for (const entity of graph.values()) {
    const type = schema.getType(entity.type) as ObjectType;
    for (const [name, { evenDeleted }] of Object.entries(entity.toOne)) {
      expect([entity.type, name, isNonNullType(type.getFields()[name]?.type)]).toEqual([entity.type, name, Boolean(evenDeleted)]);
    }
    for (const name of Object.keys(entity.toMany)) expect(String(type.getFields()[name]?.type)).toMatch(/Connection!$/);
    if (!entity.root) continue;
    const connection = schema.getType(`${entity.type}Connection`) as ObjectType;
    expect(String(connection.getFields()['totalCount']?.type)).toBe('Int');
    expect(String(connection.getFields()['nodes']?.type)).toBe(`[${entity.type}!]!`);
  }
});
