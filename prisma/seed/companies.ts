import { DAY, iso, workTime } from './moments.js';
import type { Market } from './phrases/language.js';
import { asciiOf, chance, newId, phoneColumns, phoneNumber, unique, weighted, type Scene } from './scene.js';
import { sellersOf, type UserRow } from './users.js';

export interface CompanyRow {
  org_id: string;
  id: string;
  owner_id: string | null;
  name: string;
  industry: string;
  website: string;
  phone: string | null;
  phone_e164: string | null;
  phone_digits: string | null;
  deleted_at: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

/** A company's row, and what its contacts and deals follow from. */
export interface Company {
  row: CompanyRow;
  createdAt: number;
  domain: string;
  market: Market;
  isCustomer: boolean;
}

/** Companies of every industry and market, the oldest first. */
export function makeCompanies(scene: Scene, users: UserRow[], count: number): Company[] {
  const companies = dealStems(scene, count).map((stem) => makeCompany(scene, users, stem));
  return companies.sort((one, other) => one.createdAt - other.createdAt);
}

function makeCompany(scene: Scene, users: UserRow[], stem: string): Company {
  const { faker, language, today } = scene;
  const market = weighted(
    faker,
    language.markets.map((each) => [each, each.weight]),
  );
  const industry = faker.helpers.arrayElement(language.industries);
  const brand = unique(scene, () => `${stem} ${faker.helpers.arrayElement(industry.nouns)}`);
  const domain = `${asciiOf(brand)}.example`;
  // Growth was fastest in the beginning, so that a year ago there already was somebody to sell to.
  const around = today - 540 * DAY + Math.floor(faker.number.float() ** 2 * 520 * DAY);
  const createdAt = workTime(faker, around, around + 4 * DAY);
  return {
    createdAt,
    domain,
    market,
    isCustomer: chance(faker, 0.4),
    row: {
      org_id: scene.orgId,
      id: newId(faker, createdAt),
      owner_id: chance(faker, 0.9) ? faker.helpers.arrayElement(sellersOf(users)).id : null,
      name: `${brand} ${faker.helpers.arrayElement(market.legalForms)}`,
      industry: industry.name,
      website: `https://www.${domain}`,
      ...phoneColumns(chance(faker, 0.92) ? phoneNumber(scene, market.phones) : null),
      deleted_at: null,
      version: 1,
      created_at: iso(createdAt),
      updated_at: iso(createdAt),
    },
  };
}

/** Every stem once before any comes again: two “Harbour …” side by side look made up. */
function dealStems({ faker, language }: Scene, count: number): string[] {
  const rounds = Math.ceil(count / language.companyStems.length);
  return Array.from({ length: rounds }, () => faker.helpers.shuffle(language.companyStems))
    .flat()
    .slice(0, count);
}
