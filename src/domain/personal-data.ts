import { Kind, parse, type ConstDirectiveNode } from 'graphql';
import { columnOf, type Graph } from '../db/graph.js';
import type { PersonalColumn, PersonalData } from '../db/index.js';
import type { ErasureRule, PersonalClass } from '../generated/graphql.js';

/**
 * What each column can tell of a person. Where a field of the SDL shows a column, its directive `@personal` says so and nothing here
 * does; this file has the columns that no field shows (`HIDDEN`), and those that tell nothing (`IMPERSONAL`).
 * test/personal.test.ts wants each column of each table to be in exactly one of the three.
 */
type Hidden = readonly [columns: string, kind: PersonalClass, erase: ErasureRule];

const SLOTS =
  'custom_text_a custom_text_b custom_text_c custom_number_a custom_number_b custom_number_c custom_date_a custom_date_b';

/** Personal columns that no field shows. A rule KEEP has its reason beside it. */
const HIDDEN: Readonly<Record<string, readonly Hidden[]>> = {
  // Of colleagues. Swept a few days after they have expired.
  account_tokens: [['email previous_email', 'REACH', 'NULL']],
  registrations: [
    ['email', 'REACH', 'MASK'],
    ['first_name last_name', 'NAME', 'MASK'],
  ],
  // KEEP: it belongs to no organization, and goes after seven days; erasing a user removes what was asked for with their addresses.
  reset_requests: [['email', 'REACH', 'KEEP']],
  // Goes with its row: values are deleted, by the function that writes the fact of it.
  audit_values: [['before after', 'CONTENT', 'NULL']],
  companies: [[SLOTS, 'CONTENT', 'KEEP']],
  contacts: [
    ['phone_digits', 'REACH', 'NULL'],
    [SLOTS, 'PROFILE', 'NULL'],
  ],
  deals: [[SLOTS, 'CONTENT', 'MASK']],
  // Go with what they are made of: triggers write them in the statement that erases the record.
  search_notes: [['document', 'CONTENT', 'NULL']],
  search_terms: [['word', 'CONTENT', 'NULL']],
  search_words: [['word', 'CONTENT', 'NULL']],
  subject_exports: [['json html', 'CONTENT', 'NULL']],
  // KEEP: whoever was erased is in it until it is gone, 7 days after it was made.
  organization_export_parts: [['bytes', 'CONTENT', 'KEEP']],
  users: [['password_hash', 'TRACE', 'MASK']],
};

/** What every table may have: keys, and moments of the row itself. */
const EVERYWHERE = 'org_id id version created_at updated_at deleted_at';

/**
 * Columns that tell nothing of a person. An id of a person is none: it leads to a row whose own columns are erased.
 * Tables are here even when `EVERYWHERE` is all they have.
 */
const IMPERSONAL: Readonly<Record<string, string>> = {
  account_tokens: 'user_id purpose session_id expires_at used_at voided_at',
  activities: 'user_id owner_id contact_id deal_id type due_date is_completed completed_at',
  // The hint is the end of a secret that a program made.
  api_keys: 'user_id secret_hash hint scopes expires_at revoked_at',
  audit_erasures: 'audit_id field seq',
  audit_heads: 'seq',
  // `changes` holds salted commitments; `operation` and `request_id` are names that programs made.
  audit_logs:
    'seq change_id actor_kind user_id api_key_id action entity_type entity_id entity_version changes request_id operation prev_hash hash',
  audit_values: 'audit_id field salt',
  // A company is no person. Whoever is a company of one is kept as a contact.
  companies: 'owner_id name industry website phone phone_e164 phone_digits merged_into',
  consent_purposes: 'key name description lawful_basis is_contacting',
  consent_texts: 'purpose_id number label body',
  consents: 'contact_id purpose_id text_id entry lawful_basis user_id',
  contacts: 'owner_id merged_into restricted_at erased_at erased_before',
  // Definitions: what fields are called, not what they hold.
  custom_fields: 'entity key type label description options place is_required is_sortable is_personal slot',
  deal_history: 'deal_id at seq pipeline_id stage_id status value currency owner_id is_deleted',
  deals:
    'pipeline_id stage_id contact_id company_id owner_id value currency status expected_close_date position stage_entered_at closed_at last_activity_at rots_at',
  // A hash keyed with the server's secret: it tells nothing to anybody else.
  erased_people: 'hash',
  erasures: 'kind record_id requested_by_id counts receipt erased_at',
  exchange_rates: 'from_currency to_currency rate valid_from',
  // `request` is a hash of the arguments; a day later it is gone.
  idempotency_keys: 'user_id key request record_id expires_at',
  invitations: 'role invited_by_id user_id expires_at accepted_at revoked_at',
  legal_holds: 'contact_id placed_by_id released_by_id released_at',
  organization_exports: 'requested_by_id state attempt rows_done rows_total parts size finished_at expires_at',
  // A file of all that is personal; `HIDDEN` has its bytes.
  organization_export_parts: 'export_id number',
  organizations: 'name slug settings subscription_plan deletion_due_at',
  pipeline_history: 'pipeline_id at seq name stages is_deleted',
  pipeline_stages: 'pipeline_id name place probability days_to_rot',
  pipelines: 'name is_default stages',
  refresh_tokens: 'user_id session_id token_hash expires_at used_at successor_id sealed_successor',
  registrations: 'organization_name settings expires_at confirmed_at user_id',
  reset_requests: '',
  retention_rules: 'kind span state activated_by_id activated_at',
  // `error` is a kind and a code.
  retention_runs: 'rule_id state step last_id examined removed skipped held error finished_at',
  search_notes: 'activity_id at',
  search_terms: '',
  search_words: 'record_id kind field',
  sessions: 'user_id last_used_at expires_at ended_at end_reason',
  subject_exports: 'contact_id requested_by_id ready_at expires_at',
  users: 'role is_active erased_at',
};

/** Reads the classes of all personal columns. @param sdl the text of the schema, file by file. */
export function personalData(sdl: readonly string[], graph: Graph): PersonalData {
  const shown = personalFields(sdl);
  const tables = new Map(Object.keys(IMPERSONAL).map((table) => [table, new Map<string, PersonalColumn>()]));
  for (const [table, groups] of Object.entries(HIDDEN))
    for (const [columns, kind, erase] of groups)
      for (const column of columns.split(' ')) tables.get(table)?.set(column, { class: kind, erase, field: null });
  for (const { table, type, fields, toOne } of graph.values())
    for (const [field, rule] of Object.entries(shown[type] ?? {})) {
      const holder = toOne[field]?.key ?? field;
      if (holder in fields) tables.get(table)?.set(columnOf(holder), { ...rule, field });
    }
  return tables;
}

/** The columns of a table that are declared to tell nothing; null for a table nobody has thought of. */
export function impersonalColumns(table: string): readonly string[] | null {
  const columns = IMPERSONAL[table];
  return columns === undefined ? null : `${EVERYWHERE} ${columns}`.trim().split(' ');
}

/** Names under which what is personal may stand in a log line: of fields, and of columns. What erasing keeps may be told. */
export function personalNames(data: PersonalData): ReadonlySet<string> {
  const columns = [...data.values()].flatMap((table) => [...table]).filter(([, { erase }]) => erase !== 'KEEP');
  return new Set(columns.flatMap(([column, { field }]) => (field ? [column, field] : [column])));
}

interface Rule {
  class: PersonalClass;
  erase: ErasureRule;
}

/** Every field with the directive, by type; those that are made of several columns, too. */
export function personalFields(sdl: readonly string[]): Record<string, Record<string, Rule>> {
  const types: Record<string, Record<string, Rule>> = {};
  for (const definition of sdl.flatMap((text) => parse(text, { noLocation: true }).definitions)) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    for (const { name, directives } of definition.fields ?? []) {
      const directive = directives?.find((each) => each.name.value === 'personal');
      if (directive) (types[definition.name.value] ??= {})[name.value] = ruleOf(directive);
    }
  }
  return types;
}

function ruleOf({ arguments: given = [] }: ConstDirectiveNode): Rule {
  const values = given.map(({ name, value }) => [name.value, value.kind === Kind.ENUM ? value.value : null]);
  return Object.fromEntries(values) as Rule;
}
