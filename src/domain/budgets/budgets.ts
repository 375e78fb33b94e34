import type { Caller } from '../../caller.js';
import type { BucketSize, Database } from '../../db/index.js';
import { DomainError } from '../../errors.js';
import { lru } from '../../lib/lru.js';
import { openBucket, type Bucket } from './buckets.js';
import type { Plan, PlanName, Plans } from './plans.js';

/** What a caller may spend. */
export interface Budget {
  /** Points of one operation at most. */
  readonly limit: number;
  /** Takes points. @throws DomainError COST_LIMITED with `retryAfterSeconds`; UNAVAILABLE when nobody can say what is left. */
  spend(points: number): Promise<void>;
  giveBack(points: number): void;
  /** What is left, and what comes back a second: of the organization's budget or the caller's own, whichever has less. */
  standing(): { remaining: number; restoreRate: number };
}

/** Budgets of all callers on this instance. */
export interface Budgets {
  /** @throws DomainError UNAVAILABLE. */
  of(caller: Caller): Promise<Budget>;
  /** The largest limit of any plan: of callers nobody knows, who can read nothing. */
  readonly largestLimit: number;
}

/** Another plan is felt after so long. */
const PLAN_MS = 60_000;
const MOST_KEPT = 20_000;

/** @see Budgets */
export function budgets(database: Pick<Database, 'lease' | 'findPlan'>, plans: Plans): Budgets {
  const buckets = lru<Bucket>(MOST_KEPT);
  const known = lru<{ until: number; plan: Promise<PlanName> }>(MOST_KEPT);
  const bucketOf = (key: string): Bucket => {
    const bucket = buckets.get(key) ?? openBucket(key, database.lease);
    buckets.set(key, bucket);
    return bucket;
  };
  const planOf = async (orgId: string): Promise<Plan> => {
    const found = known.get(orgId);
    if (found && found.until > performance.now()) return plans[await found.plan];
    const plan = database.findPlan(orgId);
    known.set(orgId, { until: performance.now() + PLAN_MS, plan });
    plan.catch(() => known.set(orgId, { until: 0, plan }));
    return plans[await plan];
  };
  return {
    largestLimit: Math.max(...Object.values(plans).map(({ limit }) => limit)),
    of: async (caller) => {
      const plan = await planOf(caller.orgId);
      return budgetOf(plan, [
        { bucket: bucketOf(`organization ${caller.orgId}`), size: plan.organization, whose: 'Your organization has' },
        {
          bucket: bucketOf(nameOf(caller)),
          size: plan.caller,
          whose: caller.via.kind === 'API_KEY' ? 'This API key has' : 'You have',
        },
      ]);
    },
  };
}

interface Share {
  bucket: Bucket;
  size: BucketSize;
  whose: string;
}

function budgetOf({ limit }: Plan, shares: readonly Share[]): Budget {
  return {
    limit,
    spend: async (points) => {
      const taken: Share[] = [];
      try {
        for (const share of shares) {
          const wait = await share.bucket.take(points, share.size);
          if (wait > 0) throw spent(share, wait);
          taken.push(share);
        }
      } catch (error) {
        for (const { bucket } of taken) bucket.giveBack(points);
        throw error;
      }
    },
    giveBack: (points) => {
      for (const { bucket } of shares) bucket.giveBack(points);
    },
    standing: () => {
      const all = shares.map(({ bucket, size }) => ({ remaining: bucket.left(size), restoreRate: size.restoreRate }));
      return all.reduce((least, each) => (each.remaining < least.remaining ? each : least));
    },
  };
}

function nameOf({ userId, via }: Caller): string {
  return via.kind === 'API_KEY' ? `key ${via.keyId}` : `user ${userId}`;
}

function spent({ whose, size }: Share, retryAfterSeconds: number): DomainError {
  const rate = size.restoreRate.toLocaleString('en');
  return new DomainError(
    'COST_LIMITED',
    `${whose} used up what operations may cost for now; ${rate} points come back every second. Try again in ${retryAfterSeconds} s, or ask for less.`,
    { retryAfterSeconds },
  );
}
