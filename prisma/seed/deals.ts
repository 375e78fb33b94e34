import type { Company } from './companies.js';
import type { Contact } from './contacts.js';
import { makeCourse, type Course, type DealStatus } from './courses.js';
import { DAY, iso } from './moments.js';
import type { Product } from './phrases/language.js';
import type { Pipeline } from './pipelines.js';
import { positionAt } from './positions.js';
import { chance, newId, weighted, type Scene } from './scene.js';
import { sellersOf, type UserRow } from './users.js';

export interface DealRow {
  org_id: string;
  id: string;
  pipeline_id: string;
  stage_id: string;
  contact_id: string | null;
  company_id: string;
  owner_id: string | null;
  title: string;
  value: string | null;
  currency: string;
  status: DealStatus;
  expected_close_date: string | null;
  position: string;
  stage_entered_at: string;
  closed_at: string | null;
  won_reason: string | null;
  lost_reason: string | null;
  last_activity_at: string | null;
  deleted_at: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface Deal {
  row: DealRow;
  pipeline: Pipeline;
  company: Company;
  contact: Contact | null;
  product: string;
  course: Course;
}

/** What deals are made of. */
export interface Records {
  users: UserRow[];
  companies: Company[];
  contacts: Contact[];
  pipelines: Pipeline[];
}

/** Deals of the last year in all stages and states, the oldest first. */
export function makeDeals(scene: Scene, records: Records, count: number): Deal[] {
  const deals = Array.from({ length: count }, () => makeDeal(scene, records));
  deals.sort((one, other) => one.course.createdAt - other.course.createdAt);
  for (const { row } of records.pipelines) {
    for (const stage of row.stages) placeInStage(deals.filter((deal) => deal.row.stage_id === stage.id));
  }
  return deals;
}

function makeDeal(scene: Scene, records: Records): Deal {
  const { faker } = scene;
  const pipeline = weighted(
    faker,
    records.pipelines.map((each) => [each, each.plan.share]),
  );
  const course = makeCourse(scene, pipeline);
  const known = <Value extends { createdAt: number }>(values: Value[]) =>
    values.filter((value) => value.createdAt < course.createdAt);
  const company = pickCompany(scene, known(records.companies), pipeline);
  const contact = pickContact(scene, known(records.contacts), company);
  if (course.status === 'WON') company.isCustomer = true;
  const product = faker.helpers.arrayElement(pipeline.plan.products);
  const name = product.name.replace('{year}', iso(course.createdAt + 90 * DAY).slice(0, 4));
  const owner = company.row.owner_id ?? contact?.row.owner_id ?? null;
  const row: DealRow = {
    org_id: scene.orgId,
    id: newId(faker, course.createdAt),
    company_id: company.row.id,
    contact_id: contact?.row.id ?? null,
    owner_id: chance(faker, 0.08)
      ? null
      : owner && chance(faker, 0.8)
        ? owner
        : faker.helpers.arrayElement(sellersOf(records.users)).id,
    title: `${name} – ${company.row.name}`,
    value: chance(faker, 0.08) ? null : makeValue(scene, product),
    currency: company.market.currency,
    ...courseColumns(scene, pipeline, course),
  };
  return { row, pipeline, company, contact, product: name, course };
}

function courseColumns({ faker, language }: Scene, { row }: Pipeline, course: Course) {
  const { closedAt } = course;
  return {
    pipeline_id: row.id,
    stage_id: row.stages[course.stage]?.id ?? '',
    status: course.status,
    expected_close_date: course.expectedClose === null ? null : iso(course.expectedClose).slice(0, 10),
    position: '',
    stage_entered_at: iso(course.stageEnteredAt),
    closed_at: closedAt === null ? null : iso(closedAt),
    won_reason: course.status === 'WON' ? faker.helpers.arrayElement(language.wonReasons) : null,
    lost_reason: course.status === 'LOST' ? faker.helpers.arrayElement(language.lostReasons) : null,
    last_activity_at: null,
    deleted_at: null,
    version: 1 + course.stage + (closedAt === null ? 0 : 1),
    created_at: iso(course.createdAt),
    updated_at: iso(closedAt ?? course.stageEnteredAt),
  };
}

function pickCompany({ faker }: Scene, companies: Company[], pipeline: Pipeline): Company {
  const candidates = pipeline.plan.customersOnly ? companies.filter((company) => company.isCustomer) : companies;
  return faker.helpers.arrayElement(candidates);
}

/** Mostly somebody at the company; now and then a consultant from outside, or nobody known yet. */
function pickContact({ faker }: Scene, contacts: Contact[], company: Company): Contact | null {
  const colleagues = contacts.filter((contact) => contact.company === company);
  if (colleagues.length === 0 || chance(faker, 0.04)) return null;
  return faker.helpers.arrayElement(chance(faker, 0.04) ? contacts : colleagues);
}

function makeValue({ faker }: Scene, { from, to, step }: Product): string {
  // Small deals are more frequent than large ones.
  const size = faker.number.float() ** 1.8;
  const listed = from + Math.round((size * (to - from)) / step) * step;
  return (chance(faker, 0.2) ? listed * 0.965 : listed).toFixed(2);
}

function placeInStage(deals: Deal[]): void {
  deals.forEach((deal, index) => {
    deal.row.position = positionAt(index, deals.length);
  });
}
