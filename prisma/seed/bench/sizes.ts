/** Rows of one tenant, or of a whole set. */
export interface Counts {
  companies: number;
  contacts: number;
  deals: number;
  activities: number;
}

export type SizeName = 'M' | 'L';

interface Size {
  total: Counts;
  tenants: number;
  /** One tenant holds half of everything. */
  hasGiant: boolean;
}

export const SIZES: Record<SizeName, Size> = {
  M: { total: { companies: 20_000, contacts: 100_000, deals: 60_000, activities: 400_000 }, tenants: 20, hasGiant: false },
  L: { total: { companies: 200_000, contacts: 1_000_000, deals: 250_000, activities: 5_000_000 }, tenants: 20, hasGiant: true },
};

/** What each tenant gets; the totals come out exactly. */
export function shareOut(size: Size, tenants: number): Counts[] {
  const shares = (total: number) => (size.hasGiant ? withGiant(total, tenants) : evenly(total, tenants));
  const { companies, contacts, deals, activities } = size.total;
  const columns = [shares(companies), shares(contacts), shares(deals), shares(activities)];
  return Array.from({ length: tenants }, (_, index) => {
    const [ofCompanies = 0, ofContacts = 0, ofDeals = 0, ofActivities = 0] = columns.map((column) => column[index]);
    return { companies: ofCompanies, contacts: ofContacts, deals: ofDeals, activities: ofActivities };
  });
}

function withGiant(total: number, tenants: number): number[] {
  if (tenants === 1) return [total];
  const half = Math.floor(total / 2);
  return [half, ...evenly(total - half, tenants - 1)];
}

function evenly(total: number, parts: number): number[] {
  return Array.from(
    { length: parts },
    (_, index) => Math.floor(((index + 1) * total) / parts) - Math.floor((index * total) / parts),
  );
}

/** A tenant of so many rows in all, in the proportions of set M. */
export function tenantOf(rows: number): Counts {
  const { companies, contacts, deals, activities } = SIZES.M.total;
  const all = companies + contacts + deals + activities;
  const part = (of: number) => Math.max(1, Math.round((rows * of) / all));
  return { companies: part(companies), contacts: part(contacts), deals: part(deals), activities: part(activities) };
}
