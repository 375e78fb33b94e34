// The dearest operations that are still allowed: each kind of connection, order, filter, figure, report and search, as often as the limit lets it.
import { parse } from 'graphql';
import { buildSchema } from '../../dist/src/graphql/schema.js';
import { graph } from '../../dist/src/domain/index.js';
import { excessOf } from '../../dist/src/graphql/documents/limits.js';
import { pricer } from '../../dist/src/graphql/price/index.js';
import { product } from '../settings.mjs';

const LARGEST_PAGE = 100;
/** A document may repeat a field no oftener. */
const MOST_TIMES = 50;

const schema = buildSchema(product);
const priceOf = pricer(schema, graph);

/** @returns {{ name: string, query: string, points: number }[]} @param {number} limit points of an operation at most */
export function priciest(limit) {
  const kinds = [...rooms().flatMap((entity) => [...alone(entity), ...below(entity)]), ...reports()];
  // What is too dear even once, with a page of one row, is refused whatever it does to PostgreSQL.
  return kinds.map(({ name, field }) => ({ name, ...filled(field, limit) })).filter(({ points }) => points <= limit);
}

function rooms() {
  return [...graph.values()].filter(({ root, table }) => root && !SMALL.includes(table));
}
/** Lists that an organization has a handful of rows in. */
const SMALL = ['custom_fields', 'exchange_rates'];

/** What can be asked of a list of the whole organization. */
function alone(entity) {
  const { root, type } = entity;
  const list = (args, selection) => (size) => `${root.many}(first: ${size}${args}) { ${selection} }`;
  const kind = (name, args, selection = 'nodes { id }') => ({ name: `${root.many}, ${name}`, field: list(args, selection) });
  return [
    kind('rows', '', `nodes { ${records(entity)} }`),
    kind('edges', '', `edges { cursor node { ${records(entity)} } } pageInfo { hasNextPage hasPreviousPage endCursor }`),
    ...whole(entity).map(([name, selection]) => kind(name, `, filter: ${entity.filters.createdAt ? ALL : ANY}`, selection)),
    ...filters(entity).map(([name, filter]) => kind(`filter ${name}`, `, filter: ${filter}`)),
    ...filters(entity)
      .slice(0, 1)
      .map(([name, filter]) => kind(`count of filter ${name}`, `, filter: ${filter}`, 'totalCount')),
    ...relationFilters(entity).map(([name, filter]) => kind(`count of filter ${name}`, `, filter: ${filter}`, 'totalCount')),
    ...orders(entity).map(([name, order]) => kind(`order ${name}`, `, orderBy: ${order}`)),
    ...Object.keys(entity.groups).map((name) => ({
      name: `${root.one}Aggregates by ${name}`,
      field: () => `${root.one}Aggregates(groupBy: [${upper(name)}], filter: ${ALL}) { count ${entity.amount ? 'sum p90' : ''} }`,
    })),
    ...(Object.keys(entity.groups).length > 3 ? [manyGroups(entity, type)] : []),
  ];
}

function manyGroups(entity) {
  const names = Object.keys(entity.groups).slice(0, 4);
  const filter = `{ createdAt: { gte: "2026-10-30T00:00:00.<3>Z" } }`;
  return {
    name: `${entity.root.one}Aggregates by four keys`,
    field: () => `${entity.root.one}Aggregates(groupBy: [${names.map(upper)}], filter: ${filter}) { count }`,
  };
}

/** The same of lists below a page of records, and below the records that those refer to. */
function below(entity) {
  const page = (inner) => (size) => `${entity.root.many}(first: ${size}) { nodes { ${inner} } }`;
  const own = Object.entries(entity.toMany).flatMap(([name, { entity: table }]) =>
    nested(name, graph.get(table)).map(([what, inner]) => ({ name: `${entity.root.many} > ${what}`, field: page(inner) })),
  );
  const others = Object.entries(entity.toOne).flatMap(([relation, { entity: table }]) =>
    Object.entries(graph.get(table).toMany).flatMap(([name, { entity: listed }]) =>
      nested(name, graph.get(listed)).map(([what, inner]) => ({
        name: `${entity.root.many} > ${relation} > ${what}`,
        field: page(`${relation} { ${inner} }`),
      })),
    ),
  );
  return [...own, ...others];
}

function nested(name, entity) {
  const [, filter] = filters(entity)[0];
  const order = orders(entity)[0]?.[1];
  return [
    [`${name}, rows`, `${name}(first: ${LARGEST_PAGE}) { nodes { ${records(entity)} } }`],
    [`${name}, filter`, `${name}(first: 10, filter: ${filter}) { nodes { id } }`],
    [`${name}, count`, `${name} { totalCount }`],
    ...(order ? [[`${name}, order`, `${name}(first: 10, orderBy: ${order}) { nodes { id } }`]] : []),
    ...(entity.amount ? [[`${name}, totals`, `${name} { totals { sum } }`]] : []),
    ...(Object.keys(entity.groups).length > 0 ? [[`${name}, aggregates`, `${name} { aggregates { count } }`]] : []),
  ];
}

function records(entity) {
  return ['id', 'createdAt', ...Object.keys(entity.toOne).map((name) => `${name} { id }`)]
    .join(' ')
    .replace('createdAt', entity.fields.createdAt ? 'createdAt' : '');
}

function whole(entity) {
  return [['totalCount', 'totalCount'], ...(entity.amount ? [['totals', 'totals { sum weightedSum }']] : [])];
}

/** Conditions that hardly any row meets, so that every row is looked at. Each is another one: what is asked twice is read once. */
const NEVER = {
  text: '{ contains: "~", ne: "<3>" }',
  decimal: '{ eq: "123456789.<3>" }',
  integer: '{ eq: 123456<3> }',
  timestamp: '{ eq: "1999-01-01T00:00:00.<3>Z" }',
  date: '{ eq: "1<3>-01-01" }',
  uuid: '{ ne: "00000000-0000-4000-8000-<12>" }',
  tags: '{ hasAll: ["qzx<3>", "xzq"] }',
};

/** A condition that every row meets, each time another one. */
const ALL = '{ createdAt: { gte: "1999-01-01T00:00:00.<3>Z" } }';

const ANY = '{ id: { ne: "00000000-0000-4000-8000-<12>" } }';

function filters(entity) {
  return Object.keys(entity.filters).flatMap((name) => {
    const field = entity.aliases[name] ?? name;
    const kind = (entity.expressions[field]?.kind ?? entity.fields[field] ?? '').replace('?', '');
    return NEVER[kind] ? [[name, `{ ${name}: ${NEVER[kind]} }`]] : [];
  });
}

function relationFilters(entity) {
  const one = Object.entries(entity.toOne).map(([name, { entity: table }]) => [name, `{ ${name}: ${plain(table)} }`]);
  const lists = Object.entries(entity.toMany).filter(([, { key }]) => key);
  const many = lists.flatMap(([name, { entity: table }]) =>
    ['some', 'none', 'every'].map((quantifier) => [`${name}.${quantifier}`, `{ ${name}: { ${quantifier}: ${plain(table)} } }`]),
  );
  const far = Object.entries(entity.toOne).flatMap(([name, { entity: table }]) =>
    Object.entries(graph.get(table).toMany)
      .filter(([, { key }]) => key)
      .map(([list, { entity: listed }]) => [`${name}.${list}.some`, `{ ${name}: { ${list}: { some: ${plain(listed)} } } }`]),
  );
  return [...one, ...many, ...far];
}

function plain(table) {
  return filters(graph.get(table))[0]?.[1] ?? '{ id: { ne: "00000000-0000-4000-8000-<12>" } }';
}

function orders(entity) {
  const bounded = entity.bounded.map((name) => [name, `[{ ${name}: ASC }]`]);
  const related = Object.entries(entity.toOne).flatMap(([name, { entity: table }]) => {
    const [key] = [...graph.get(table).orders, ...graph.get(table).bounded];
    return key ? [[`${name}.${key}`, `[{ ${name}: { ${key}: ASC } }]`]] : [];
  });
  return [...bounded, ...related];
}

function reports() {
  const period = 'from: "2020-01-01", to: "2030-01-01"';
  const filter = 'filter: { contact: { company: { name: { contains: "a" } } } }';
  const texts = ['a', 'renewal', 'anna mueller', 'qzxw', '123'];
  return [
    ...texts.map((text) => ({
      name: `search "${text}"`,
      field: (size) => `search(query: "${text}", first: ${size}) { edges { snippet { text } node { id } } }`,
    })),
    {
      name: 'forecast',
      field: () => `forecast(groupBy: [MONTH, OWNER, PIPELINE]) { openSum keys { owner { id } pipeline { id } } }`,
    },
    { name: 'forecast, filter', field: () => `forecast(${filter}) { openSum }` },
    { name: 'leaderboard', field: () => `leaderboard(${period}) { wonSum owner { id } }` },
    { name: 'velocity', field: () => `velocity(${period}) { winRate stages { averageDays stage { id } } }` },
    { name: 'velocity, filter', field: () => `velocity(${period}, ${filter}) { winRate }` },
    { name: 'conversion', field: () => `conversion(pipelineId: "$pipeline", ${period}, by: MONTH) { stages { reached } }` },
    { name: 'pipelineAsOf', field: () => `pipelineAsOf(date: "2026-10-01") { stages { count totals { sum } } }` },
    { name: 'tags', field: () => 'tags(first: 1000) { name }' },
    ...['deals', 'contacts', 'companies'].map((name) => ({
      name: `${name} > timeline`,
      field: (size) =>
        `${name}(first: ${size}) { nodes { timeline(first: 20) { nodes { id at actor { id } ... on ChangeEntry { changes { field } } } } } }`,
    })),
    {
      name: 'deals > stageHistory',
      field: (size) => `deals(first: ${size}) { nodes { stageHistory { stage { id } by { id } } } }`,
    },
    {
      name: 'pipelines > stages > deals',
      field: (size) =>
        `pipelines(first: ${size}) { nodes { stages { deals(first: 100) { totalCount totals { sum } nodes { id contact { id } } } } } }`,
    },
  ];
}

/** As many of a field as the limit and the document let in; of the largest page that fits at least once. */
function filled(field, limit) {
  let size = LARGEST_PAGE;
  while (size > 1 && points(written(field, size, 1)) > limit) size = Math.floor(size * 0.9);
  const one = written(field, size, 1);
  let most = Math.max(1, Math.min(Math.floor(limit / points(one)), MOST_TIMES));
  while (most > 1 && excessOf(parse(written(field, size, most)))) most -= 1;
  const query = written(field, size, most);
  return { query, points: points(query), times: most };
}

function written(field, size, times) {
  const marked = (index) =>
    field(Math.max(1, size - (index % 10))).replace(/<(\d+)>/g, (_, digits) => String(index).padStart(digits, '0'));
  return `{ ${Array.from({ length: times }, (_, index) => `f${index}: ${marked(index)}`).join(' ')} }`;
}

function points(query) {
  const document = parse(query);
  return priceOf({ document, operation: document.definitions[0], variables: {} }).requested;
}

function upper(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
