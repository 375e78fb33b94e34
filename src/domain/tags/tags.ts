import { change, type Changes, type LockedRow, type Reader, type Tally, type WriteRequest, type Writer } from '../../db/index.js';
import { invalid, restricted } from '../../errors.js';
import type { DeleteTagInput, MergeTagsInput, RenameTagInput } from '../../generated/graphql.js';
import { changesFrom, trimmed, type FieldRule } from '../input.js';
import { checkCanWriteTags } from './rules.js';

export const LONGEST_TAG = 100;
const MOST_MERGED = 50;
/** A change is one transaction that holds its rows: more would take longer than a request may. */
const MOST_CONTACTS = 5_000;
const LARGEST_LIST = 1_000;

const NAME: FieldRule = { required: true, longest: LONGEST_TAG, normal: trimmed };

/** @throws DomainError INVALID_INPUT for a size out of bounds. */
export async function listTags(reader: Reader, args: { contains?: string | null; first?: number | null }): Promise<Tally[]> {
  const most = args.first ?? 100;
  if (most < 1 || most > LARGEST_LIST)
    throw invalid(['first'], `\`first\` must be between 1 and ${LARGEST_LIST}; it is ${most}.`, 'OUT_OF_RANGE');
  if (args.contains?.includes('\0'))
    throw invalid(['contains'], 'This contains a NUL character, which no tag can.', 'NUL_CHARACTER');
  return reader.tally('contacts', 'tags', { part: args.contains ?? null, most });
}

/** A tag with how many contacts of the caller's carry it; null when none does. */
export async function findTag(reader: Reader, name: string): Promise<Tally | null> {
  const [tag] = await reader.tally('contacts', 'tags', { part: null, only: name, most: 1 });
  return tag ?? null;
}

/** Another name for a tag; not one that there is. The verbs here answer the name of the tag they end with. */
export async function renameTag(request: WriteRequest, input: RenameTagInput): Promise<string> {
  const { from, to } = changesFrom(input, { from: { required: true }, to: NAME }) as RenameTagInput;
  await changeTags(request, async (writer) => {
    if (from === to) return;
    const [taken] = await writer.idsOf('contacts', { tags: { hasAny: [to] } }, 1);
    if (taken) throw invalid(['input', 'to'], 'There is a tag of this name already. Use mergeTags to make them one.', 'TAKEN');
    const { found, left } = await retag(writer, 'RENAME_TAG', [from], to);
    if (found > 0 && found === left) throw restricted();
    if (found === 0) throw invalid(['input', 'from'], 'No contact carries this tag.', 'NOT_FOUND');
  });
  return to;
}

/** One tag instead of several. */
export async function mergeTags(request: WriteRequest, input: MergeTagsInput): Promise<string> {
  const rules = { tags: { required: true, most: MOST_MERGED }, into: NAME } as const;
  const { tags, into } = changesFrom(input, rules) as MergeTagsInput;
  await changeTags(request, async (writer) => {
    await retag(
      writer,
      'MERGE_TAGS',
      tags.filter((tag) => tag !== into),
      into,
    );
  });
  return into;
}

/** Takes a tag from everybody. */
export async function deleteTag(request: WriteRequest, input: DeleteTagInput): Promise<string> {
  const { tag } = changesFrom(input, { tag: { required: true } }) as DeleteTagInput;
  await changeTags(request, async (writer) => {
    await retag(writer, 'DELETE_TAG', [tag], null);
  });
  return tag;
}

/** A tag has no id: what an idempotency key remembers is the organization, and the arguments it is bound to name the tag. */
async function changeTags(request: WriteRequest, work: (writer: Writer) => Promise<void>): Promise<void> {
  await change(request, request.caller.orgId, async (writer) => {
    checkCanWriteTags(writer.caller);
    await work(writer);
  });
}

/** Replaces tags by one, or by none; the first of them gives it its place. @returns how many contacts carry them, and of how many the data was set aside: those are left as they are. */
async function retag(
  writer: Writer,
  action: string,
  tags: string[],
  by: string | null,
): Promise<{ found: number; left: number }> {
  const ids = await writer.idsOf('contacts', { tags: { hasAny: tags } }, MOST_CONTACTS + 1);
  if (ids.length > MOST_CONTACTS)
    throw invalid(['input'], `More than ${MOST_CONTACTS} contacts carry this: too many for one change.`, 'TOO_MANY');
  const retagged = (contact: LockedRow): Changes => {
    const replaced = (contact['tags'] as string[]).map((tag) => (tags.includes(tag) ? by : tag));
    return { tags: [...new Set(replaced.filter((tag) => tag !== null))] };
  };
  const left = await writer.editAll('contacts', ids, action, retagged, 'targeted');
  return { found: ids.length, left: left.size };
}
