import { Faker, base, en } from '@faker-js/faker';
import { english } from '../phrases/en.js';
import { asciiOf } from '../scene.js';

/** Pools to pick from: faker is too slow to be asked for every one of millions of rows. */
export interface Words {
  firstNames: string[];
  lastNames: string[];
  companies: { name: string; domain: string }[];
  industries: string[];
  jobTitles: string[];
  tags: string[];
  products: string[];
  subjects: string[];
  descriptions: string[];
}

/** The same words every time. Tabs, line breaks and backslashes would break COPY, and do not occur. */
export function makeWords(): Words {
  const faker = new Faker({ locale: [en, base], seed: 7 });
  const many = (count: number, make: () => string) =>
    [...new Set(Array.from({ length: count }, make))].filter((text) => !/[\\\t\r\n]/.test(text));
  return {
    firstNames: many(800, () => faker.person.firstName()),
    lastNames: [...english.lastNames, ...many(1_500, () => faker.person.lastName())],
    companies: many(20_000, () => faker.company.name()).map((name) => ({ name, domain: `${asciiOf(name)}.example` })),
    industries: english.industries.map((industry) => industry.name),
    jobTitles: many(300, () => faker.person.jobTitle()),
    tags: english.tags,
    products: english.pipelines.flatMap((pipeline) => pipeline.products.map((each) => each.name.replace(' {year}', ''))),
    subjects: many(2_000, () => `${faker.helpers.arrayElement(ACTIONS)} ${faker.person.lastName()}`),
    descriptions: many(2_000, () => `${faker.company.catchPhrase()}: ${faker.hacker.phrase()}`),
  };
}

const ACTIONS = [
  'Follow up with',
  'Call',
  'Demo for',
  'Quote for',
  'Questions from',
  'Contract for',
  'Workshop with',
  'Delivery to',
  'Feedback from',
  'Meeting with',
];
