const SIZES = [1, 4, 16, 64, 128, 512];
/** Members that a list may have. */
export const LONGEST_LIST = 512;

/**
 * A list for `IN (:...ids)`, filled up with its last member to one of a few lengths: every length is another
 * statement, to be written, checked and planned by itself.
 *
 * @param list at least one member, at most 512
 */
export function padded<Item>(list: readonly Item[]): Item[] {
  const size = SIZES.find((each) => each >= list.length);
  if (size === undefined || list.length === 0) {
    throw new RangeError(`A list has 1 to ${LONGEST_LIST} members, not ${list.length}`);
  }
  return [...list, ...Array<Item>(size - list.length).fill(list[list.length - 1])];
}
