import { Kind, type DirectiveNode, type DocumentNode, type FieldNode, type SelectionSetNode, type ValueNode } from 'graphql';

/** How large a document is; what depends on an operation is that of the largest one. */
export interface Measures {
  operations: number;
  fragments: number;
  variables: number;
  /** As written. */
  directives: number;
  /** Levels of lists and objects in an argument. */
  inputDepth: number;
  /** Fields that stand more than once in the selection of their parent, as written. */
  repetitions: number;
  /** Levels of fields and inline fragments, fragments spread out. */
  depth: number;
  /** Fields (`__typename` too), inline fragments and spreads, fragments spread out. */
  selections: number;
  /** Fields under another name, fragments spread out. */
  aliases: number;
  /** Times that `__schema` and `__type` are asked for, fragments spread out. */
  introspections: number;
}

/** What of an operation or fragment multiplies with the places it is spread in. */
interface Part {
  selections: number;
  aliases: number;
  introspections: number;
  depth: number;
  spreads: { name: string; depth: number }[];
}

interface Walk {
  directives: number;
  inputDepth: number;
  repetitions: number;
}

/**
 * Measures a document that is parsed and nothing more. Takes time by its text, not by what it spreads out to: numbers of a
 * fragment are worked out once and multiplied. A fragment inside itself counts once; validation refuses it.
 */
export function measure(document: DocumentNode): Measures {
  const walk: Walk = { directives: 0, inputDepth: 0, repetitions: 0 };
  const operations: Part[] = [];
  const fragments = new Map<string, Part>();
  let variables = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const part = partOf(definition.selectionSet, walk);
    noteDirectives(walk, definition.directives);
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, part);
    else operations.push(part);
    for (const variable of definition.variableDefinitions ?? []) {
      variables += 1;
      noteDirectives(walk, variable.directives);
      if (variable.defaultValue) noteValue(walk, variable.defaultValue);
    }
  }
  const known = new Map<string, Part>();
  const whole = operations.map((operation) => spreadOut(operation, fragments, known));
  const most = (size: 'depth' | 'selections' | 'aliases' | 'introspections'): number =>
    whole.reduce((largest, part) => Math.max(largest, part[size]), 0);
  return {
    ...walk,
    operations: operations.length,
    fragments: fragments.size,
    variables,
    depth: most('depth'),
    selections: most('selections'),
    aliases: most('aliases'),
    introspections: most('introspections'),
  };
}

function partOf(root: SelectionSetNode, walk: Walk): Part {
  const part: Part = { selections: 0, aliases: 0, introspections: 0, depth: 0, spreads: [] };
  const waiting = [{ set: root, depth: 1, keys: new Set<string>() }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const selection of next.set.selections) {
      part.selections += 1;
      noteDirectives(walk, selection.directives);
      if (selection.kind === Kind.FRAGMENT_SPREAD) part.spreads.push({ name: selection.name.value, depth: next.depth - 1 });
      else if (selection.kind === Kind.INLINE_FRAGMENT)
        waiting.push({ ...next, set: selection.selectionSet, depth: next.depth + 1 });
      else {
        noteField(part, walk, selection, next.depth);
        const key = (selection.alias ?? selection.name).value;
        if (next.keys.has(key)) walk.repetitions += 1;
        next.keys.add(key);
        if (selection.selectionSet) waiting.push({ set: selection.selectionSet, depth: next.depth + 1, keys: new Set() });
      }
    }
  }
  return part;
}

function noteField(part: Part, walk: Walk, field: FieldNode, depth: number): void {
  part.depth = Math.max(part.depth, depth);
  if (field.alias && field.alias.value !== field.name.value) part.aliases += 1;
  if (field.name.value === '__schema' || field.name.value === '__type') part.introspections += 1;
  for (const { value } of field.arguments ?? []) noteValue(walk, value);
}

function noteDirectives(walk: Walk, directives: readonly DirectiveNode[] = []): void {
  walk.directives += directives.length;
  for (const directive of directives) for (const { value } of directive.arguments ?? []) noteValue(walk, value);
}

function noteValue(walk: Walk, root: ValueNode): void {
  const waiting = [{ value: root, depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, depth } = next;
    walk.inputDepth = Math.max(walk.inputDepth, depth);
    if (value.kind === Kind.LIST) for (const each of value.values) waiting.push({ value: each, depth: depth + 1 });
    if (value.kind === Kind.OBJECT) for (const each of value.fields) waiting.push({ value: each.value, depth: depth + 1 });
  }
}

/** A part with what it spreads. Recursion goes as deep as there are fragments, which the tokens of a document bound. */
function spreadOut(part: Part, fragments: ReadonlyMap<string, Part>, known: Map<string, Part>): Part {
  const whole: Part = { ...part, spreads: [] };
  for (const { name, depth } of part.spreads) {
    const fragment = fragments.get(name);
    if (!fragment) continue;
    let inner = known.get(name);
    if (!inner) {
      known.set(name, { ...fragment, spreads: [] });
      inner = spreadOut(fragment, fragments, known);
      known.set(name, inner);
    }
    whole.selections += inner.selections;
    whole.aliases += inner.aliases;
    whole.introspections += inner.introspections;
    whole.depth = Math.max(whole.depth, depth + inner.depth);
  }
  return whole;
}
