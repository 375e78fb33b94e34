// The usual stack, as its guides have it: Apollo Server with its defaults, Prisma's findMany, a DataLoader for each relation, one
// transaction a request. The names are Pulse's, so it is asked the same queries.
import { ApolloServer, startStandaloneServer, DataLoader, PrismaClient, PrismaPg } from '../lib/product-packages.mjs';
import { callerOf } from '../lib/tokens.mjs';
import { POOL_SIZE } from '../settings.mjs';

const typeDefs = `
  enum DealStatus { OPEN WON LOST }
  enum DealGroup { STAGE STATUS }
  input StatusFilter { eq: DealStatus }
  input DealFilter { status: StatusFilter }
  input MoveDealInput { stageId: ID! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type User { id: ID! }
  type Company { id: ID! name: String! contacts(first: Int): ContactConnection! }
  type Contact { id: ID! firstName: String lastName: String email: String status: String! company: Company deals(first: Int): DealConnection! }
  type Stage { id: ID! name: String! deals(filter: DealFilter, first: Int): DealConnection! }
  type Pipeline { id: ID! stages: [Stage!]! }
  type Activity { id: ID! subject: String }
  type Deal {
    id: ID! title: String! value: String currency: String! status: DealStatus!
    stage: Stage! contact: Contact company: Company owner: User activities(first: Int): ActivityConnection!
  }
  type DealConnection { nodes: [Deal!]! pageInfo: PageInfo! totalCount: Int! }
  type ContactConnection { nodes: [Contact!]! pageInfo: PageInfo! }
  type CompanyConnection { nodes: [Company!]! pageInfo: PageInfo! }
  type ActivityConnection { nodes: [Activity!]! pageInfo: PageInfo! }
  type Keys { status: DealStatus stage: Stage }
  type DealAggregate { keys: Keys! count: Int! currency: String! sum: String! }
  type Hit { id: ID! displayName: String! }
  type SearchConnection { nodes: [Hit!]! }
  type DealPayload { deal: Deal }
  type Query {
    deal(id: ID!): Deal pipeline(id: ID!): Pipeline
    deals(first: Int): DealConnection! contacts(first: Int): ContactConnection! companies(first: Int): CompanyConnection!
    search(query: String!, first: Int): SearchConnection!
    dealAggregates(groupBy: [DealGroup!]): [DealAggregate!]!
  }
  type Mutation { moveDeal(id: ID!, input: MoveDealInput!): DealPayload }
`;

const kept = { deletedAt: null };
/** The server's role may not read every column of users. */
const READABLE = { select: { id: true } };
const newest = [{ createdAt: 'desc' }, { id: 'desc' }];

/** A page as a list of one row more. */
const page = (rows, first = 25) => {
  const nodes = rows.slice(0, first);
  return { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor: nodes.at(-1)?.id ?? null } };
};
const list =
  (model) =>
  async (_, { first = 25 }, { tx }) =>
    page(await (await tx())[model].findMany({ where: kept, orderBy: newest, take: first + 1 }), first);
const one =
  (model, key) =>
  (row, _, { loaders }) =>
    row[key] ? loaders.byId(model).load(row[key]) : null;
const many =
  (model, key) =>
  async (row, { first }, { loaders }) =>
    page(await loaders.byParent(model, key).load(row.id), first);

const resolvers = {
  Query: {
    deal: (_, { id }, { loaders }) => loaders.byId('deal').load(id),
    pipeline: (_, { id }, { loaders }) => loaders.byId('pipeline').load(id),
    deals: list('deal'),
    contacts: list('contact'),
    companies: list('company'),
    search: async (_, { query }, { tx }) => ({
      nodes: await (await tx()).$queryRaw`SELECT id, display_name AS "displayName" FROM bench.search(${query})`,
    }),
    dealAggregates: async (_, __, { tx }) => {
      const groups = await (
        await tx()
      ).deal.groupBy({ by: ['stageId', 'status', 'currency'], where: kept, _count: true, _sum: { value: true } });
      return groups.map((group) => ({
        keys: group,
        count: group._count,
        currency: group.currency,
        sum: String(group._sum.value ?? 0),
      }));
    },
  },
  Mutation: {
    moveDeal: async (_, { id, input }, { tx }) => ({
      deal: (
        await (
          await tx()
        ).$queryRaw`SELECT id, stage_id AS "stageId" FROM bench.move_deal(${id}::uuid, ${input.stageId}::uuid)`
      )[0],
    }),
  },
  Keys: { stage: one('pipelineStage', 'stageId') },
  Pipeline: {
    stages: ({ id }, _, { loaders }) => loaders.byParent('pipelineStage', 'pipelineId', {}, [{ place: 'asc' }]).load(id),
  },
  Stage: {
    deals: async ({ id }, { first, filter }, { loaders }) => {
      const where = { ...kept, ...(filter?.status?.eq && { status: filter.status.eq }) };
      const rows = await loaders.byParent('deal', 'stageId', where, [{ position: 'asc' }, { id: 'asc' }]).load(id);
      return { ...page(rows, first), totalCount: rows.length };
    },
  },
  Deal: {
    value: ({ value }) => value?.toString() ?? null,
    stage: one('pipelineStage', 'stageId'),
    contact: one('contact', 'contactId'),
    company: one('company', 'companyId'),
    owner: one('user', 'ownerId'),
    activities: many('activity', 'dealId'),
  },
  Company: { contacts: many('contact', 'companyId') },
  Contact: { company: one('company', 'companyId'), deals: many('deal', 'contactId') },
};

/** Batches of one request. Of the lists of several parents Prisma has no latest few each: they are read whole, and cut. */
function loadersFor(tx) {
  const known = new Map();
  const loader = (name, batch) => {
    if (!known.has(name)) known.set(name, new DataLoader(batch));
    return known.get(name);
  };
  return {
    byId: (model) =>
      loader(model, async (ids) => {
        const rows = await (await tx())[model].findMany({ where: { id: { in: [...ids] } }, ...(model === 'user' && READABLE) });
        const found = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => found.get(id) ?? null);
      }),
    byParent: (model, key, where = kept, orderBy = newest) =>
      loader(`${model} ${key} ${JSON.stringify(where)}`, async (ids) => {
        const rows = await (await tx())[model].findMany({ where: { ...where, [key]: { in: [...ids] } }, orderBy });
        const found = Map.groupBy(rows, (row) => row[key]);
        return ids.map((id) => found.get(id) ?? []);
      }),
  };
}

const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: process.env.APP_URL, max: POOL_SIZE, options: '-c TimeZone=UTC' }),
});

/** One interactive transaction, begun by the first statement and ended with the answer. */
function transactionFor({ org, user }) {
  let begun;
  let end;
  let done;
  const ended = new Promise((resolve) => (end = resolve));
  const begin = () =>
    new Promise((resolve, reject) => {
      done = prisma
        .$transaction(
          async (tx) => {
            await tx.$executeRawUnsafe(
              `SELECT set_config('app.org_id', '${org}', true), set_config('app.user_id', '${user}', true)`,
            );
            resolve(tx);
            await ended;
          },
          { maxWait: 30_000, timeout: 30_000 },
        )
        .catch(reject);
    });
  return { tx: () => (begun ??= begin()), end: () => (end(), done) };
}

const endTransaction = { requestDidStart: async () => ({ willSendResponse: async ({ contextValue }) => contextValue.end() }) };
const server = new ApolloServer({ typeDefs, resolvers, plugins: [endTransaction] });
await startStandaloneServer(server, {
  listen: { port: Number(process.env.PORT), host: '127.0.0.1' },
  context: async ({ req }) => {
    const transaction = transactionFor(callerOf(req));
    return { ...transaction, loaders: loadersFor(transaction.tx) };
  },
});
