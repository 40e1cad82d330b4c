/**
 * Compares two texts by their UTF-8 bytes, which is by code points, as both databases order keys. JavaScript's
 * own `<` compares UTF-16 units, and so puts characters above U+FFFF before U+E000 to U+FFFF.
 *
 * @returns less than 0 where `a` comes first, more than 0 where `b` does, 0 for equal texts
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** A UTF-16 unit's place in the order of code points: surrogates behind all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}
