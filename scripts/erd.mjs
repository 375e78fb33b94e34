// Draws docs/ERD.md from prisma/schema: every table, column, key, relation and index, by the names the database has.
//
//   node scripts/erd.mjs            writes docs/ERD.md
//   node scripts/erd.mjs --check    exit code 1 when it is not what the schema says
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import internals from '@prisma/internals';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = path.join(root, 'docs/ERD.md');

/** PostgreSQL's name of a Prisma type that has no @db attribute. */
const plainTypes = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Float: 'double precision',
  Boolean: 'boolean',
  DateTime: 'timestamp(3)',
  Decimal: 'numeric(65,30)',
  Json: 'jsonb',
  Bytes: 'bytea',
};

/** Where PostgreSQL's name is not just the @db attribute in lower case. */
const nativeTypes = {
  Integer: 'integer',
  SmallInt: 'smallint',
  DoublePrecision: 'double precision',
  ByteA: 'bytea',
  JsonB: 'jsonb',
  Decimal: 'numeric',
};

async function readModel() {
  const folder = path.join(root, 'prisma/schema');
  const names = readdirSync(folder).filter((name) => name.endsWith('.prisma'));
  const datamodel = names.sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]);
  const { datamodel: model } = await internals.getDMMF({ datamodel });
  const tables = model.models.map((table) => describeTable(table, model)).sort(byName);
  return { tables, relations: tables.flatMap((table) => table.relations) };
}

function describeTable(table, model) {
  // Prisma's model is silent about columns of types it does not support (tsvector), but for their indexes.
  const column = (name) => columnName(table.fields.find((field) => field.name === name) ?? { name });
  const keys = model.indexes.filter((index) => index.model === table.name);
  const indexes = keys.map((index) => describeIndex(index, column));
  const relations = table.fields
    .filter((field) => field.relationFromFields?.length)
    .map((field) => describeRelation(table, field, model));
  const columns = table.fields
    .filter((field) => field.kind !== 'object')
    .map((field) => describeColumn(field, { indexes, relations }));
  return { name: tableName(table), note: table.documentation, columns, indexes, relations };
}

function describeColumn(field, { indexes, relations }) {
  const name = columnName(field);
  const marks = [];
  if (indexes.some((index) => index.kind === 'primary key' && index.columns.includes(name))) marks.push('PK');
  if (relations.some((relation) => relation.columns.includes(name))) marks.push('FK');
  if (indexes.some((index) => index.kind === 'unique' && index.columns.length === 1 && index.columns[0] === name))
    marks.push('UK');
  const required = field.isRequired || field.isList;
  return {
    name,
    type: typeName(field),
    marks,
    note: [required ? '' : 'nullable', field.documentation ?? ''].filter(Boolean).join('; '),
  };
}

function describeIndex(index, column) {
  const kind = { id: 'primary key', unique: 'unique' }[index.type] ?? 'index';
  const columns = index.fields.map((field) => column(field.name));
  const terms = index.fields.map((field) => {
    const options = [field.operatorClass, field.sortOrder === 'desc' ? 'desc' : null].filter(Boolean);
    return [column(field.name), ...options].join(' ');
  });
  return { kind, columns, terms, method: (index.algorithm ?? 'BTree').toLowerCase() };
}

/** Seen from the table that holds the foreign key. */
function describeRelation(table, field, model) {
  const other = model.models.find((each) => each.name === field.type);
  const columnOf = (owner) => (name) => columnName(owner.fields.find((each) => each.name === name));
  const mirror = other.fields.find(
    (each) => each.relationName === field.relationName && each !== field && each.type === table.name,
  );
  return {
    from: tableName(table),
    to: tableName(other),
    name: snakeCase(field.name),
    columns: field.relationFromFields.map(columnOf(table)),
    references: field.relationToFields.map(columnOf(other)),
    required: field.isRequired,
    many: mirror?.isList ?? true,
  };
}

function typeName(field) {
  const list = field.isList ? '[]' : '';
  if (field.kind === 'enum') return field.type + list;
  if (!field.nativeType) return plainTypes[field.type] + list;
  const [name, args] = field.nativeType;
  return `${nativeTypes[name] ?? name.toLowerCase()}${args.length > 0 ? `(${args.join(',')})` : ''}${list}`;
}

const tableName = (table) => table.dbName ?? table.name;
const columnName = (field) => field.dbName ?? field.name;
const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const byName = (a, b) => (a.name < b.name ? -1 : 1);

function render({ tables, relations }) {
  return `# The tables and how they hang together

Generated from \`prisma/schema\` by \`npm run erd\`; \`npm run check\` fails when it is out of date. Do not edit.

Tenant tables are keyed by \`(org_id, id)\`, and references between them are composite: they begin with the \`org_id\` of the row
that refers, so none can point into another organization. The lines below name only what comes after it.

\`\`\`mermaid
erDiagram
${relations.map(drawRelation).sort().join('\n')}
${tables.map(drawTable).join('\n')}
\`\`\`

## Foreign keys

| table | columns | refers to |
|---|---|---|
${relations.map(foreignKeyRow).join('\n')}

## Indexes

| table | kind | columns |
|---|---|---|
${tables.flatMap((table) => table.indexes.map((index) => indexRow(table, index))).join('\n')}
`;
}

/** parent ||--o{ child : label; the parent's side says whether the child must have one. */
function drawRelation({ from, to, name, columns, required, many }) {
  const own = columns.filter((column) => column !== 'org_id');
  const label = own.length === 0 ? 'org_id' : `${name} (${own.join(', ')})`;
  return `  ${to} ${required ? '||' : '|o'}--${many ? 'o{' : 'o|'} ${from} : "${label}"`;
}

function drawTable({ name, columns }) {
  return `  ${name} {\n${columns.map(drawColumn).join('\n')}\n  }`;
}

/** Mermaid allows letters, digits, brackets and underscores in a type, and no quotes in a comment. */
function drawColumn({ name, type, marks, note }) {
  const parts = [
    type.replaceAll(',', '_').replaceAll(' ', '_'),
    name,
    marks.join(', '),
    note && `"${note.replaceAll('"', "'").replaceAll('\n', ' ')}"`,
  ];
  return `    ${parts.filter(Boolean).join(' ')}`;
}

function foreignKeyRow({ from, to, columns, references }) {
  return `| ${from} | ${columns.join(', ')} | ${to} (${references.join(', ')}) |`;
}

function indexRow(table, { kind, terms, method }) {
  return `| ${table.name} | ${kind}${method === 'btree' ? '' : ` (${method})`} | ${terms.join(', ')} |`;
}

async function main() {
  const text = render(await readModel());
  const current = existsSync(target) ? readFileSync(target, 'utf8').replaceAll('\r\n', '\n') : '';
  if (!process.argv.includes('--check')) {
    if (text === current) return;
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  } else if (text !== current) {
    console.error('docs/ERD.md does not show what prisma/schema says. Run: npm run erd');
    process.exitCode = 1;
  }
}

await main().catch((error) => {
  console.error(`The diagram could not be drawn: ${error.message}`);
  process.exitCode = 1;
});
