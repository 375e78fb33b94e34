import type { BucketSize } from '../../db/index.js';

/** What an organization may spend with a subscription plan; in points (docs/PRICE.md). */
export interface Plan {
  /** One operation at most. */
  limit: number;
  /** All of the organization's operations together. */
  organization: BucketSize;
  /** Those of one user, or of one API key. */
  caller: BucketSize;
}

export const PLAN_NAMES = ['FREE', 'TEAM', 'BUSINESS'] as const;
export type PlanName = (typeof PLAN_NAMES)[number];
export type Plans = Readonly<Record<PlanName, Plan>>;

/** By subscription plan. A bucket holds what comes back in a minute; one caller gets half of it, so that nobody starves the others. */
export const PLANS: Plans = {
  FREE: planOf({ limit: 15_000, restoreRate: 1_000 }),
  TEAM: planOf({ limit: 20_000, restoreRate: 4_000 }),
  BUSINESS: planOf({ limit: 20_000, restoreRate: 20_000 }),
};

function planOf({ limit, restoreRate }: { limit: number; restoreRate: number }): Plan {
  const bucket = (rate: number): BucketSize => ({ capacity: 60 * rate, restoreRate: rate });
  return { limit, organization: bucket(restoreRate), caller: bucket(restoreRate / 2) };
}

/** The same limits with larger or smaller budgets; each still holds one operation. */
export function withBudgets(plans: Plans, scale: number): Plans {
  const scaled = ({ capacity, restoreRate }: BucketSize, limit: number): BucketSize => ({
    capacity: Math.max(limit, capacity * scale),
    restoreRate: restoreRate * scale,
  });
  const each = ([name, { limit, organization, caller }]: [string, Plan]): [string, Plan] => [
    name,
    { limit, organization: scaled(organization, limit), caller: scaled(caller, limit) },
  ];
  return Object.fromEntries(Object.entries(plans).map(each)) as unknown as Plans;
}
