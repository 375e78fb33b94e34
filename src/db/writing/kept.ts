import type { Caller } from '../../caller.js';
import { openScopeOf, type Scope, type ScopeSettings } from '../engine/scope.js';
import { filled, type Fillings, type Statement } from '../engine/sql.js';
import { preparer, type Shelf } from '../prepared.js';

/**
 * A statement of a change, written once for all callers who see the same kinds of records.
 *
 * @param name what the statement looks like follows from it alone.
 * @param given what stands in the places that `givenAt` names.
 */
export type Kept = (name: string, given: Fillings['given'], write: (scope: Scope) => Statement) => Statement;

/** What changes are made by. */
export interface ChangeTools extends ScopeSettings {
  shelf: Shelf;
}

/** @see Kept */
export function keptFor(caller: Caller, tools: ChangeTools): Kept {
  const { scope: seen, fillings } = openScopeOf(caller, tools);
  const scope = unchecked(seen);
  const prepare = preparer(tools.shelf, scope.onlyOf === null ? 'all' : 'own');
  return (name, given, write) =>
    filled(
      prepare(name, () => write(scope)),
      { ...fillings, given },
    );
}

/** What a change reads on its way is not shown: which scopes it takes is asked for what it writes and refers to. */
export function unchecked(scope: Scope): Scope {
  return { ...scope, checkMayRead: () => undefined };
}
