import { writeJson } from '../http/json-text.js';

/**
 * JSON over several lines, as tools answer it. What holds stored JSON that JavaScript could not write again as it
 * stands (integers beyond 2^53, names that come twice, what nests too deep) is given in one line, to the letter.
 */
export function prettyJson(value: object): string {
  const exact = writeJson(value)!;
  try {
    return exact === JSON.stringify(value) ? JSON.stringify(value, null, 2) : exact;
  } catch (error) {
    if (error instanceof RangeError) return exact;
    throw error;
  }
}
