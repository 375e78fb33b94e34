import { checkGroups, checkRates, type FilterInput, type Grouped, type Reader } from '../../db/index.js';
import { invalid } from '../../errors.js';
import type {
  QueryConversionArgs,
  QueryForecastArgs,
  QueryLeaderboardArgs,
  QueryPipelineAsOfArgs,
  QueryVelocityArgs,
} from '../../generated/graphql.js';
import { isUuid } from '../../lib/uuid.js';
import { asOfStatement, type StageAsOfRow } from './queries/as-of.js';
import { forecastStatement, leaderboardStatement } from './queries/forecast.js';
import { conversionStatement, velocityStatement, type ConversionRow, type VelocityRow } from './queries/movement.js';
import type { Period, Sql } from './queries/sql.js';

export type ForecastKeysRow = GroupRow['keys'];

/** A group of a report; its money is in `currency`. */
interface GroupRow {
  keys: { closeMonth?: string | null; ownerId?: string | null; pipelineId?: string | null; currency?: string };
  currency: string;
}

export interface ForecastRow extends GroupRow {
  openCount: number;
  openSum: string;
  openWeightedSum: string;
  wonCount: number;
  wonSum: string;
  expectedSum: string;
}

export interface LeaderboardRow extends GroupRow {
  rank: number;
  wonCount: number;
  wonSum: string;
  lostCount: number;
}

export type StageVelocityRow = VelocityRow['stages'][number];
export type WonTotalRow = VelocityRow['won'][number];

/** A pipeline as it stood. */
export interface PipelineAsOfRow {
  pipelineId: string;
  name: string;
  stages: StageAsOfLines[];
}

/** A stage as it stood; a line of `totals` for each currency that was in it. */
export interface StageAsOfLines {
  stageId: string;
  name: string;
  probability: number;
  count: number;
  totals: { currency: string; count: number; sum: string; weightedSum: string }[];
}

export interface ConversionCohortRow extends Pick<ConversionRow, 'period' | 'created' | 'won' | 'lost'> {
  stages: ConversionRow[];
}

/** What open deals are expected to bring and won ones brought. */
export async function forecast(reader: Reader, args: QueryForecastArgs): Promise<ForecastRow[]> {
  const { from, to, groupBy } = args;
  if (from && to) checkPeriod({ from, to });
  const names = (groupBy ?? []).map((key) => (key === 'MONTH' ? 'CLOSE_MONTH' : key));
  const period = { ...(from && { from }), ...(to && { to }) };
  return groups(reader, args, names, (sight, grouped) => forecastStatement(sight, grouped, filterOf(args), period));
}

/** Who won how much within a period. */
export async function leaderboard(reader: Reader, args: QueryLeaderboardArgs): Promise<LeaderboardRow[]> {
  const period = checkPeriod(args);
  return groups(reader, args, ['OWNER'], (sight, grouped) => leaderboardStatement(sight, grouped, filterOf(args), period));
}

/** How quickly deals were closed within a period. */
export async function velocity(reader: Reader, args: QueryVelocityArgs): Promise<VelocityRow | null> {
  const period = checkPeriod(args);
  const currency = args.inCurrency ?? null;
  const [row] = await askWith<VelocityRow>(reader, args, (sight) => velocityStatement(sight, filterOf(args), period, currency));
  if (!row) return null;
  checkRates(row.won, currency);
  return { ...row, won: row.won.map((line) => ({ ...line, currency: line.currency ?? currency ?? '' })) };
}

/** How far deals came. */
export async function conversion(reader: Reader, args: QueryConversionArgs): Promise<ConversionCohortRow[]> {
  const { pipelineId, by, filter } = args;
  const period = checkPeriod(args);
  if (!isUuid(pipelineId)) return [];
  const question = { pipelineId, filter: (filter ?? {}) as FilterInput, period, by: by ?? null };
  const rows = await askWith<ConversionRow>(reader, args, (sight) => conversionStatement(sight, question));
  const cohorts = new Map<string, ConversionCohortRow>();
  for (const row of rows) {
    const cohort = cohorts.get(row.period) ?? { ...row, stages: [] };
    cohort.stages.push(row);
    cohorts.set(row.period, cohort);
  }
  return [...cohorts.values()];
}

/** A pipeline as it stood; null when there was none then. @throws DomainError INVALID_INPUT unless one moment is named. */
export async function pipelineAsOf(reader: Reader, args: QueryPipelineAsOfArgs): Promise<PipelineAsOfRow | null> {
  const { pipelineId, at, date, statuses, inCurrency } = args;
  if (Boolean(at) === Boolean(date)) throw invalid(['date'], 'Give either `date` or `at`.', 'CONFLICTING');
  if (pipelineId && !isUuid(pipelineId)) return null;
  const currency = inCurrency ?? null;
  const rows = await reader.ask<StageAsOfRow>((sight) =>
    asOfStatement(sight, {
      pipelineId: pipelineId ?? null,
      moment: at ? { at } : { endOf: date ?? '' },
      statuses: statuses ?? ['OPEN', 'WON', 'LOST'],
      currency,
    }),
  );
  checkRates(rows, currency);
  const [first] = rows;
  return first ? { pipelineId: first.pipelineId, name: first.pipelineName, stages: stagesOf(rows) } : null;
}

type Compose = Parameters<Reader['ask']>[0];
type SightOf = Parameters<Compose>[0];

/** The filter may name custom fields. */
async function askWith<Row>(reader: Reader, { filter }: { filter?: object | null }, write: Compose): Promise<Row[]> {
  return reader.knowing({ filter: (filter ?? {}) as FilterInput }, () => reader.ask<Row>(write));
}

async function groups<Row extends GroupRow>(
  reader: Reader,
  args: { filter?: object | null; inCurrency?: string | null },
  names: string[],
  write: (sight: SightOf, grouped: Grouped) => Sql,
): Promise<Row[]> {
  const currency = args.inCurrency ?? null;
  const rows = await askWith<Row & { $currency?: string; $missing?: unknown }>(reader, args, (sight) =>
    write(sight, { keys: sight.keys('deals', names), currency }),
  );
  checkGroups(rows);
  checkRates(rows, currency);
  return rows.map((row) => ({ ...row, keys: row, currency: currency ?? row.$currency ?? '' }));
}

function stagesOf(rows: readonly StageAsOfRow[]): StageAsOfLines[] {
  const stages = new Map<string, StageAsOfLines>();
  for (const { stageId, name, probability, count, currency, sum, weightedSum } of rows) {
    const stage = stages.get(stageId) ?? { stageId, name, probability, count: 0, totals: [] };
    stage.count += count;
    if (currency !== null) stage.totals.push({ currency, count, sum, weightedSum });
    stages.set(stageId, stage);
  }
  return [...stages.values()];
}

/** What the client chose, within the pipeline it named. */
function filterOf({ filter, pipelineId }: { filter?: object | null; pipelineId?: string | null }): FilterInput {
  const chosen = (filter ?? {}) as FilterInput;
  return pipelineId === null || pipelineId === undefined ? chosen : { and: [chosen, { pipelineId: { eq: pipelineId } }] };
}

function checkPeriod({ from, to }: Period): Period {
  if (from > to) throw invalid(['to'], 'The period ends before it begins: `to` is the last day of it.', 'OUT_OF_RANGE');
  return { from, to };
}
