import { visit, valueFromASTUntyped, type FieldNode } from 'graphql';

/** An argument as it stands in a document. */
export interface Argument {
  /** Whether a variable is in it. */
  varies: boolean;
  /** Its value; undefined where it was left out. Not checked: whoever reads it takes nothing for granted. */
  in(variables: Readonly<Record<string, unknown>>): unknown;
}

const ABSENT: Argument = { varies: false, in: () => undefined };

/** @see Argument */
export function argumentOf(node: FieldNode, name: string): Argument {
  const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
  if (!value) return ABSENT;
  let varies = false;
  visit(value, { Variable: () => void (varies = true) });
  if (varies) return { varies, in: (variables) => valueFromASTUntyped(value, variables) };
  const constant = valueFromASTUntyped(value);
  return { varies, in: () => constant };
}
