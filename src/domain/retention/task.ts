import { systemCaller } from '../../caller.js';
import { enqueue, faultOf, type Database, type Task } from '../../db/index.js';
import type { PrivacyDoor } from '../gdpr/gdpr.js';
import { sweepJob } from './retention.js';
import { openRun, sweepSome, type Sweep } from './sweeping.js';

/** Transactions of one job: then it lets others go first, and goes on as a new one. */
const MOST_STEPS = 500;

/**
 * The task `retention`: sweeps by a rule, some rows a transaction. It may be done twice, or beside another one: a run is where its row says it is.
 *
 * @param mostSteps for tests.
 */
export function retentionTask(
  database: Pick<Database, 'write' | 'scope'>,
  door: Pick<PrivacyDoor, 'ledger' | 'receipts' | 'now'>,
  mostSteps = MOST_STEPS,
): Task {
  return async ({ orgId, payload: { ruleId = '' }, jobId }) => {
    const origin = { requestId: jobId, ip: null, operation: null };
    const request = { caller: systemCaller(orgId), database, origin, idempotency: null };
    const sweep: Sweep = { request, door, ruleId };
    const runId = await openRun(sweep);
    if (runId === null) return;
    try {
      for (let steps = 0; await sweepSome(sweep, runId); steps += 1)
        if (steps >= mostSteps) return await database.write(orgId, (tx) => enqueue(tx, sweepJob(ruleId)));
    } catch (error) {
      await noteFailure(database, orgId, runId, error).catch(() => undefined);
      throw error;
    }
  };
}

async function noteFailure(database: Pick<Database, 'write'>, orgId: string, id: string, cause: unknown): Promise<void> {
  const { type, code, sqlState } = faultOf(cause);
  const error = [...new Set([type, code, sqlState])].filter(Boolean).join(' ');
  await database.write(orgId, (tx) => tx.retentionRun.updateMany({ where: { orgId, id, state: 'RUNNING' }, data: { error } }));
}
