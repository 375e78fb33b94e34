// Prisma's schema engine as a WASM library: what `prisma migrate diff` would do, without its binary
// (docs/decisions/0002-migrations-without-the-engine-binary.md). Used by `npm run check` and to draft migrations.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';

// The engine reports a panic to this object before it dies.
globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => console.error(message) };

const schemaFolder = fileURLToPath(new URL('../prisma/schema/', import.meta.url));

/** The Prisma schema's files as the engine wants them. */
export function readSchemaFiles() {
  return readdirSync(schemaFolder)
    .filter((name) => name.endsWith('.prisma'))
    .sort()
    .map((name) => ({ path: name, content: readFileSync(schemaFolder + name, 'utf8') }));
}

/** SQL that turns an empty database into the schema. */
export async function scriptFromEmpty(connection) {
  return diff(connection, { tag: 'empty' });
}

/** SQL that turns the live database into the schema; empty when they agree. `connection`: host, port, user, password, database. */
export async function scriptFromLive(connection) {
  const files = readSchemaFiles();
  return diff(connection, { tag: 'schemaDatasource', files, configDir: schemaFolder });
}

async function diff(connection, from) {
  const files = readSchemaFiles();
  const engine = await loadEngine(files, connection);
  try {
    const filters = { externalTables: ['public._prisma_migrations'], externalEnums: [] };
    const result = await engine.diff({ from, to: { tag: 'schemaDatamodel', files }, script: true, exitCode: true, filters });
    return result.exitCode === 0 ? '' : result.stdout;
  } finally {
    engine.free();
  }
}

async function loadEngine(files, connection) {
  const folder = new URL('./', import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const bg = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = readFileSync(new URL('schema_engine_bg.wasm', folder));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bg });
  bg.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const factory = bindMigrationAwareSqlAdapterFactory(catalogFactory(connection));
  return bg.SchemaEngine.new({ datamodels: files.map((f) => [f.path, f.content]) }, () => {}, factory);
}

/**
 * adapter-pg refuses the catalogue's type "char" (OID 18), and the engine wants it as a character. The pool reports it as
 * text and remembers which columns it was; the adapter's answer is then corrected.
 */
function catalogFactory(connection) {
  const charColumns = new WeakMap();
  const pool = new pg.Pool(connection);
  const query = pool.query.bind(pool);
  pool.query = async (...args) => {
    const result = await query(...args);
    charColumns.set(
      result.rows,
      result.fields.map((field) => field.dataTypeID === 18),
    );
    for (const field of result.fields) if (field.dataTypeID === 18) field.dataTypeID = 25;
    return result;
  };
  const factory = new PrismaPg(pool, { disposeExternalPool: true });
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (input) => {
      const result = await queryRaw(input);
      charColumns.get(result.rows)?.forEach((isChar, index) => {
        if (isChar) result.columnTypes[index] = ColumnTypeEnum.Character;
      });
      return result;
    };
    return adapter;
  };
  return factory;
}
