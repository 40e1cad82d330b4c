import { quoted, spanOf } from './summary-text.js';

/** The other ways of saying it that are told, and the length of each; the leading one may be longer. */
const MAX_VARIANTS = 3;
const MAX_VARIANT_LENGTH = 160;
const MAX_LEADING_LENGTH = 400;

/**
 * What memories that say the same say, word for word: how often and when, the first of them, and other ways in
 * which it was said.
 *
 * @param sources two or more, the one they are like first
 */
export function reflectionText(sources: readonly { text: string; createdAt: number }[]): string {
  let [firstAt, lastAt] = [Infinity, -Infinity];
  for (const { createdAt } of sources) {
    firstAt = Math.min(firstAt, createdAt);
    lastAt = Math.max(lastAt, createdAt);
  }
  const leading = quoted(sources[0].text, MAX_LEADING_LENGTH);
  const said = new Set([leading]);
  const variants: string[] = [];
  for (const { text } of sources) {
    if (variants.length === MAX_VARIANTS) break;
    const variant = quoted(text, MAX_VARIANT_LENGTH);
    if (said.has(variant) || quoted(text, MAX_LEADING_LENGTH) === leading) continue;
    said.add(variant);
    variants.push(variant);
  }
  const lines = [`Said ${sources.length} times ${spanOf(firstAt, lastAt)}: ${leading}`];
  if (variants.length > 0) lines.push('Also said as:', ...variants.map((variant) => `- ${variant}`));
  return lines.join('\n');
}
