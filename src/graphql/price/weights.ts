/**
 * What things cost, in points. A point is what an operation under the limit may use of PostgreSQL's processor for it: 25 µs, so that
 * 20,000 points are half a second. `npm run bench:price` measures whether that holds on benchmark set M (docs/BENCHMARKS.md);
 * docs/PRICE.md tells clients of these numbers, and a test compares both.
 */
export const WEIGHTS = {
  /** A record in the answer. */
  record: 1,
  /** An object without an identity that comes with one: an edge, `pageInfo`, a total, a group. */
  value: 0.1,
  /** A connection, for each statement that it becomes: PostgreSQL has to plan it. */
  connection: 10,
  /** A relation to one record, for the statement that it becomes. */
  relation: 2,
  /** A page of a list, to find where it begins. */
  page: 2,
  /** A mutation: its transaction, its facts, and the statements that check it. */
  mutation: 50,
  /** The schema, whatever is asked of it: no database, and a large answer. */
  schema: 2_000,
} as const;

/** What is done with every row of a list, in points for 1,000 rows. */
export const ROW_WEIGHTS = {
  /** `totalCount`. */
  count: 20,
  /** `totals`. */
  totals: 60,
  /** `aggregates` and the like, whatever they are grouped by. */
  groups: 160,
  /** A filter, to look at a row at all. */
  filter: 20,
  /** Each operator in a filter. */
  operator: 20,
  /** Each operator that compares texts without case and accents. */
  text: 300,
  /** Each relation that a filter follows, for each row it starts from. */
  hop: 150,
  /** A sort key that is bounded. */
  sort: 60,
} as const;

/** Rows an organization has, as benchmark set M has them: what lists are taken to hold, since a price is known before anybody looks. */
export const ROWS: Readonly<Record<string, number>> = {
  activities: 20_000,
  api_keys: 50,
  audit_logs: 30_000,
  companies: 1_000,
  consent_purposes: 20,
  consent_texts: 100,
  consents: 10_000,
  contacts: 5_000,
  custom_fields: 50,
  deals: 3_000,
  erasures: 100,
  exchange_rates: 200,
  invitations: 500,
  legal_holds: 100,
  organization_exports: 10,
  organizations: 1,
  pipeline_stages: 10,
  pipelines: 2,
  retention_rules: 5,
  retention_runs: 450,
  sessions: 100,
  subject_exports: 100,
  users: 20,
};

/** The longest list of a record is taken to be so many times as long as the average one, and to have at least so many rows. */
export const LONGEST_LIST = { times: 20, least: 100 } as const;

/** A price beyond which nothing is counted any further. */
export const BEYOND = 1e12;
