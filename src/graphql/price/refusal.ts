import { GraphQLError } from 'graphql';
import { assumed, pageSize, pointsOf, type Pricing } from './evaluate.js';
import type { Part, Tree } from './tree.js';
import { BEYOND } from './weights.js';

/** A connection of an operation, and what it costs without those below it. */
interface Costly {
  part: Part;
  path: readonly string[];
  points: number;
}

/** What an operation over the limit is told: what costs most, and what would fit. */
export function tooCostly(tree: Tree | null, pricing: Pricing, requested: number, limit: number): GraphQLError {
  const told = tree ? adviceFor(tree, pricing, limit) : null;
  const start = `This operation may cost ${words(requested)} points, and ${words(limit)} are allowed.`;
  const fields = told ? [{ path: [...told.path], code: 'TOO_COSTLY', message: told.message }] : undefined;
  const message = `${start} ${told?.message ?? 'Ask for less, or in several operations.'}`;
  return new GraphQLError(message, { extensions: { code: 'COST_LIMITED', ...(fields && { fields }), http: { status: 400 } } });
}

interface Advice {
  path: readonly (string | number)[];
  message: string;
}

function adviceFor(tree: Tree, pricing: Pricing, limit: number): Advice | null {
  const [costliest, ...others] = connectionsOf(tree, pricing);
  if (!costliest) return null;
  for (const each of [costliest, ...others]) {
    const size = largestThatFits(tree, pricing, each.part, limit);
    if (size === null) continue;
    const name = each.part.last.in(pricing.variables) === undefined ? 'first' : 'last';
    const most = `Most of it is \`${costliest.path.join('.')}\`.`;
    const fit = `With \`${name}: ${size}\` for \`${each.path.join('.')}\` it fits.`;
    return {
      path: [...each.path, name],
      message: each === costliest ? `${most} ${fit}` : `${most} No page of it is small enough. ${fit}`,
    };
  }
  const message = `Most of it is \`${costliest.path.join('.')}\`. No page of it is small enough: leave some of it out, or ask in several operations.`;
  return { path: costliest.path, message };
}

/** The costliest first. A field of the document that stands in several places of the answer is one. */
function connectionsOf(tree: Tree, pricing: Pricing): Costly[] {
  const found = new Map<Part['node'], Costly>();
  const tell: Pricing['tell'] = (part, path, points) => {
    const known = found.get(part.node);
    found.set(part.node, { part, path: known?.path ?? path, points: (known?.points ?? 0) + points });
  };
  pointsOf(tree, assumed(1), { ...pricing, tell });
  return [...found.values()].sort((one, other) => other.points - one.points);
}

/** By halving: a smaller page never costs more. Null when even one row is too much. */
function largestThatFits(tree: Tree, pricing: Pricing, part: Part, limit: number): number | null {
  const fits = (size: number): boolean =>
    Math.ceil(pointsOf(tree, assumed(1), { ...pricing, sizes: new Map([[part.node, size]]) })) <= limit;
  if (!fits(1)) return null;
  let [fitting, tooLarge] = [1, pageSize(part, pricing)];
  while (tooLarge - fitting > 1) {
    const middle = Math.floor((fitting + tooLarge) / 2);
    if (fits(middle)) fitting = middle;
    else tooLarge = middle;
  }
  return fitting;
}

function words(points: number): string {
  return points >= BEYOND ? 'far too many' : points.toLocaleString('en');
}
