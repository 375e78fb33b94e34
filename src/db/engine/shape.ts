import type { Entity } from '../graph.js';
import type { PageArgs } from './window.js';

/**
 * What an object of the answer looks like where nobody but PostgreSQL has to look at it: its keys in their order, and what stands at
 * each. Aliases and arguments are part of it, so that with the values it is the whole text.
 */
export interface Shape {
  parts: readonly ShapePart[];
  /** Equal for what looks the same, so that its statement is compiled once. */
  name: string;
}

export type ShapePart = ConstantPart | FieldPart | RecordPart | ListPart;

/** JSON that is the same in every answer. */
export interface ConstantPart {
  is: 'constant';
  key: string;
  json: string;
}

export interface FieldPart {
  is: 'field';
  key: string;
  field: string;
}

export interface RecordPart {
  is: 'record';
  key: string;
  relation: string;
  target: Entity;
  isRequired: boolean;
  shape: Shape;
}

/** A connection, of which nothing is asked but its rows. */
export interface ListPart {
  is: 'list';
  key: string;
  relation: string;
  target: Entity;
  args: PageArgs;
  /** What stands at each key of the connection: JSON that is always the same, or the rows. */
  connection: readonly (ConstantPart | { is: 'rows'; key: string })[];
  shape: Shape;
}
