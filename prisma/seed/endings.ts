import type { ActivityRow } from './activities.js';
import type { Contact } from './contacts.js';
import type { Deal, Records } from './deals.js';
import { DAY, iso, workTime } from './moments.js';
import type { Scene } from './scene.js';

interface Deletable {
  deleted_at: string | null;
  updated_at: string;
  version: number;
}

/** Deletes about 3 % of everything softly; what an open deal needs stays. */
export function deleteSome(scene: Scene, { companies, contacts }: Records, deals: Deal[], activities: ActivityRow[]): void {
  const open = deals.filter((deal) => deal.row.status === 'OPEN');
  const busy = new Set<unknown>(open.flatMap((deal) => [deal.company, deal.contact]));
  const idle = <Value>(values: Value[]) => values.filter((value) => !busy.has(value));
  deleteOf(
    scene,
    idle(companies).map(({ row }) => row),
    companies.length,
  );
  deleteOf(
    scene,
    idle(contacts).map(({ row }) => row),
    contacts.length,
  );
  deleteOf(
    scene,
    deals.map(({ row }) => row),
    deals.length,
  );
  deleteOf(scene, activities, activities.length);
}

/** Last activity: when the newest activity that is not deleted was noted or done. */
export function dateLastActivities(contacts: Contact[], deals: Deal[], activities: ActivityRow[]): void {
  const latest = new Map<string | null, string>();
  for (const activity of activities) {
    if (activity.deleted_at !== null) continue;
    const happened = activity.completed_at ?? activity.created_at;
    for (const id of [activity.contact_id, activity.deal_id]) {
      if (happened > (latest.get(id) ?? '')) latest.set(id, happened);
    }
  }
  for (const { row } of [...contacts, ...deals]) row.last_activity_at = latest.get(row.id) ?? null;
}

function deleteOf({ faker, today }: Scene, candidates: Deletable[], total: number): void {
  for (const row of faker.helpers.arrayElements(candidates, Math.round(total * 0.03))) {
    const deletedAt = iso(workTime(faker, Math.max(Date.parse(row.updated_at), today - 60 * DAY), today));
    row.deleted_at = deletedAt;
    row.updated_at = deletedAt;
    row.version += 1;
  }
}
