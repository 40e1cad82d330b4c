export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The least of `values` that at least the fraction `q` of them do not exceed (the nearest rank).
 *
 * @param q above 0, at most 1
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/**
 * The median of `values[i] / against[i]`: figures of the same round are divided by each other, so that what the
 * machine did in that round cancels out.
 */
export function medianRatio(values: readonly number[], against: readonly number[]): number {
  return median(values.map((value, i) => value / against[i]));
}
