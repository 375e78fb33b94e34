/** Whole seconds from a moment to another one, rounded down; 0 when it is yet to come. */
export function secondsBetween(from: string | Date, to: string | Date): number {
  return Math.max(0, Math.floor((new Date(to).getTime() - new Date(from).getTime()) / 1_000));
}
