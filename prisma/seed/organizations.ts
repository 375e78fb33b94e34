import { Faker, base, de, en } from '@faker-js/faker';
import { DAY, iso } from './moments.js';
import { german } from './phrases/de.js';
import { english } from './phrases/en.js';
import { newId, type Scene } from './scene.js';

export interface OrganizationRow {
  id: string;
  name: string;
  slug: string;
  settings: Record<string, string | string[]>;
  subscription_plan: 'FREE' | 'TEAM' | 'BUSINESS';
  created_at: string;
  updated_at: string;
}

/** The two demo organizations, each with everything its records follow from. */
export function makeOrganizations(today: number, passwordHash: string): { row: OrganizationRow; scene: Scene }[] {
  const acme = new Faker({ locale: [en, base], seed: 1_949 });
  const globex = new Faker({ locale: [de, en, base], seed: 1_996 });
  return [
    makeOrganization({ faker: acme, language: english, slug: 'acme', today, passwordHash }, 'Acme', 'BUSINESS', {
      timeZone: 'Europe/London',
      locale: 'EN',
      country: 'GB',
      currency: 'GBP',
      visibility: 'ORGANIZATION',
    }),
    makeOrganization({ faker: globex, language: german, slug: 'globex', today, passwordHash }, 'Globex', 'TEAM', {
      timeZone: 'Europe/Berlin',
      locale: 'DE',
      country: 'DE',
      currency: 'EUR',
      visibility: 'ORGANIZATION',
    }),
  ];
}

function makeOrganization(
  given: Omit<Scene, 'orgId' | 'taken'>,
  name: string,
  plan: OrganizationRow['subscription_plan'],
  settings: OrganizationRow['settings'],
): { row: OrganizationRow; scene: Scene } {
  const createdAt = given.today - 600 * DAY;
  const id = newId(given.faker, createdAt);
  const row = {
    id,
    name,
    slug: given.slug,
    settings: { ...settings, wonReasons: given.language.wonReasons, lostReasons: given.language.lostReasons },
    subscription_plan: plan,
    created_at: iso(createdAt),
    updated_at: iso(createdAt),
  };
  return { row, scene: { ...given, orgId: id, taken: new Set() } };
}
