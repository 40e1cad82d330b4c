import { expect, it } from 'vitest';
import { median, medianRatio, quantile } from './statistics.js';

it('takes the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 7])).toBe(6);
});

it('takes the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect(quantile(hundred, 0.95)).toBe(95);
  expect(quantile(hundred, 1)).toBe(100);
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(quantile([4], 0.01)).toBe(4);
});

it('divides what belongs together', () => {
  // The second round was slow for both.
  expect(medianRatio([2, 200, 6], [1, 100, 2])).toBe(2);
});
