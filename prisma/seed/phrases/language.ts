/** Everything that makes one demo organization sound like itself. */
export interface Language {
  team: TeamMember[];
  markets: Market[];
  firstNames: Gendered<string[]>;
  lastNames: string[];
  companyStems: string[];
  industries: Industry[];
  jobTitles: Gendered<string>[];
  tags: string[];
  consentSources: string[];
  wonReasons: string[];
  lostReasons: string[];
  pipelines: PipelinePlan[];
  contactPhrases: Phrase[];
  customFields: CustomFieldPlan[];
}

/** A field that the organization has added to its records; with a slot their lists can be sorted by it. */
export interface CustomFieldPlan {
  entity: 'CONTACT' | 'COMPANY' | 'DEAL';
  key: string;
  type: 'TEXT' | 'NUMBER' | 'DATE' | 'SELECT' | 'MULTI_SELECT';
  label: string;
  options?: { value: string; label: string }[];
  slot?: string;
}

export type ActivityType = 'NOTE' | 'CALL' | 'TASK' | 'MEETING' | 'EMAIL';

export interface Gendered<Value> {
  female: Value;
  male: Value;
}

export interface TeamMember {
  login: string;
  firstName: string;
  lastName: string;
  role: 'OWNER' | 'ADMIN' | 'MANAGER' | 'MEMBER' | 'VIEWER';
}

/** Where a company sits: what it pays in, and how its phone numbers look (each # is a digit; all are ranges reserved for fiction). */
export interface Market {
  currency: string;
  weight: number;
  phones: string[];
  mobiles: string[];
  legalForms: string[];
}

/** Its nouns complete a company's name. */
export interface Industry {
  name: string;
  nouns: string[];
}

export interface PipelinePlan {
  name: string;
  stages: StagePlan[];
  /** Only companies that bought before. */
  customersOnly: boolean;
  share: number;
  products: Product[];
  /** What happens in each stage, then what remains to be done in it, then how it ends. */
  story: Phrase[];
  todos: Phrase[];
  won: Phrase[];
  lost: Phrase[];
}

export interface StagePlan {
  name: string;
  probability: number;
  daysToRot?: number;
}

export interface Product {
  name: string;
  from: number;
  to: number;
  step: number;
}

/** One believable activity; {tokens} are filled in by activities.ts. */
export interface Phrase {
  stage: number;
  type: ActivityType;
  subject: string;
  description: string;
}

/** A table row as a phrase: the tables stay readable as tables. */
export function phrase([stage, type, subject, description]: [number, ActivityType, string, string]): Phrase {
  return { stage, type, subject, description };
}

/** A table row as a product. */
export function product([name, from, to, step]: [string, number, number, number]): Product {
  return { name, from, to, step };
}

/** Words of a space-separated list; an underscore stands for a blank inside an entry. */
export function words(text: string): string[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll('_', ' '));
}
