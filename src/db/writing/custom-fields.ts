import { sql } from 'kysely';
import { definitionsStatement, SLOTS, TABLE_OF, type CustomFieldDefinition } from '../custom-fields.js';
import { compile, type Sql, type Statement } from '../engine/sql.js';
import type { Fact } from './facts.js';
import { run, type Desk } from './locks.js';
import type { Changes } from './statements.js';

/** What rooms write custom fields through. */
export interface CustomFieldWriter {
  /** The organization's definitions; with `hold` they stay as they are until the commit. */
  customFields(hold: boolean): Promise<CustomFieldDefinition[]>;
  /** Copies all values of a field into its slot: derived, in one statement. */
  fillSlot(definition: Pick<CustomFieldDefinition, 'id' | 'entity'> & { slot: string }): Promise<void>;
}

/** Name of the lock between those who write values and those who change definitions. */
export const DEFINITIONS_LOCK = 'custom fields';

/** @see CustomFieldWriter */
export function customFieldWriter(desk: Desk): CustomFieldWriter {
  return {
    customFields: async (hold) => {
      // First and on its own: what is read behind a lock must be read by a later statement.
      if (hold)
        await desk.tx
          .$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended(${`${desk.caller.orgId} ${DEFINITIONS_LOCK}`}, 0))`;
      desk.definitions = await run<CustomFieldDefinition>(desk.tx, definitionsStatement(desk.scope));
      return desk.definitions;
    },
    fillSlot: async (definition) => {
      await run(desk.tx, fillStatement(desk.caller.orgId, definition));
    },
  };
}

/** The copies that records keep of the values they are sorted by, as Prisma's fields; a slot without an owner is empty. */
export function slotValues(definitions: readonly CustomFieldDefinition[], values: Readonly<Record<string, unknown>>): Changes {
  const owners = new Map(definitions.flatMap(({ slot, id }) => (slot ? [[slot, id] as const] : [])));
  const copies = Object.values(SLOTS)
    .flat()
    .map((slot): [string, unknown] => [slotField(slot), copyOf(slot, values[owners.get(slot) ?? ''])]);
  return Object.fromEntries(copies);
}

/** What a fact tells of a field; of custom fields each by its key. */
export function valuesOf({ definitions }: Desk, field: string, before: unknown, after: unknown): Fact['values'] {
  if (field !== 'customFields') return [{ field, before: before ?? null, after: after ?? null }];
  return changedValues(definitions ?? [], before ?? {}, after ?? {});
}

/** A change of the values as one change a field. */
function changedValues(
  definitions: readonly CustomFieldDefinition[],
  before: object,
  after: object,
): { field: string; before: unknown; after: unknown }[] {
  const keys = new Map(definitions.map(({ id, key }) => [id, key]));
  const [old, now] = [before, after] as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((id) => JSON.stringify(old[id]) !== JSON.stringify(now[id]))
    .map((id) => ({ field: `customFields.${keys.get(id) ?? id}`, before: old[id] ?? null, after: now[id] ?? null }));
}

function slotField(slot: string): string {
  return `custom_${slot}`.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function copyOf(slot: string, value: unknown): unknown {
  if (typeof value !== 'string') return null;
  if (slot.startsWith('date')) return `${value}T00:00:00.000Z`;
  // By characters, as PostgreSQL's left().
  return slot.startsWith('text') ? [...value].slice(0, 200).join('') : value;
}

function fillStatement(
  orgId: string,
  { id, entity, slot }: { id: string; entity: keyof typeof TABLE_OF; slot: string },
): Statement {
  const target = sql.id(`custom_${slot}`);
  const cast = sql.id('public', `custom_${slot.split('_')[0]}`);
  const value: Sql = sql`${cast}(t.custom_fields ->> ${id})`;
  return compile(sql`
    update ${sql.id('public', TABLE_OF[entity])} as t set ${target} = ${value}
    where t.org_id = ${orgId}::uuid and t.${target} is distinct from ${value}`);
}
