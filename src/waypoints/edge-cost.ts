/** Costs are −ln(weight) in units of 2⁻³⁵. */
const UNIT = 2 ** 35;
/** −ln of the least positive double (2⁻¹⁰⁷⁴) is 744.44. */
const COST_OF_ZERO = 745 * UNIT;
/** More than any path has waypoints. */
const HOPS = 16;

/** A weight as far as it counts: databases that were adopted hold weights outside 0 to 1. */
export function effectiveWeight(weight: number): number {
  return Math.min(1, Math.max(0, weight));
}

/**
 * What a step costs, so that the strongest path (the highest product of weights) is the cheapest. An integer, so
 * that sums do not depend on where one begins to add, and equal costs are equal; ten of them, sixteen times
 * (`rankOf`), are exact: 10 · 16 · 745 · 2³⁵ < 2⁵³. Weight 0 costs more than any other.
 */
export function costOf(weight: number): number {
  return weight > 0 ? Math.round(-Math.log(weight) * UNIT) + 0 : COST_OF_ZERO;
}

/** Orders ways by their cost, and those that cost the same by how many steps they have, of which there are ten at most. */
export function rankOf({ cost, hops }: { readonly cost: number; readonly hops: number }): number {
  return cost * HOPS + hops;
}
