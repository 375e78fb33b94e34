/** The one door to the database for rooms and for the server's own start. */
export {
  openDatabase,
  type Database,
  type DatabaseSettings,
  type ErasureState,
  type KnownKey,
  type Login,
  type Transaction,
} from './database.js';
export type { TenantReads } from './tenant-reads.js';
export type { AnyRow, Reader, Tally } from './reader.js';
export type { KeptAnswer, KeptQuestion } from './kept-questions.js';
export { SLOTS, slotKindOf, type CustomFieldDefinition } from './custom-fields.js';
export { DEFINITIONS_LOCK, slotValues } from './writing/custom-fields.js';
export type { Connection, Edge, PageInfo } from './connection.js';
export type { AggregateArgs, AggregateRow } from './engine/aggregate.js';
export type { VisitRow } from './engine/visits.js';
export type { MoneyTotalRow } from './engine/totals.js';
export { change, type WriteRequest } from './writing/change.js';
export { noteFacts, type Happening } from './writing/note.js';
export type { Erasure } from './writing/erasures.js';
export type { DueRow } from './writing/removing.js';
export type { Changes, LockedRow, Writer } from './writing/writer.js';
export { placeOf, type PageArgs, type Place } from './engine/window.js';
export { checkGroups, MOST_GROUPS, type Grouped } from './engine/grouping.js';
export { amountIn, checkRates, missingRate } from './engine/money.js';
export type { FilterInput } from './engine/filter.js';
export type { Sight } from './sight.js';
export { enqueue, enqueuer, type Enqueuer, type JobRequest } from './jobs/enqueue.js';
export { runJobs, runJobsOnce, type JobRunner, type JobSettings } from './jobs/run.js';
export type { JobFailure, JobInfo, Task } from './jobs/tasks.js';
export type { PersonalColumn, PersonalData, PrivacySettings } from './personal.js';
export type { Dump } from './dump/dump.js';
export { cursorSeal, type CursorSeal } from './engine/cursor.js';
export { aheadOf, type Ahead, type AheadRelation, type HitsAhead } from './engine/along.js';
export type { ListPart, Shape, ShapePart } from './engine/shape.js';
export { canWrite } from './engine/text-values.js';
export { isAnswerText, type AnswerText, type Counts } from './engine/text-page.js';
export type { BucketSize, Lease, LeaseWish, TakeLease } from './leases.js';
export type { AttemptLimit, Attempts, OpenAttempts } from './attempts.js';
export { chainHead, verifyChain, type ChainReport } from './chain/verify.js';
export type { FaultReason } from './chain/check-link.js';
export type { PoolState } from './pool-state.js';
export { faultOf, plainWords, type Fault } from './fault.js';
