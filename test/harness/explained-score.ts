import type { ExplanationDto } from '../../src/memories/explanation.dto.js';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** BM25's share of one term: how often it counts, in a text of this length among texts of that mean length. */
function share(
  idf: number,
  count: number,
  numbers: { k1: number; b: number; length: number; average_length: number },
) {
  const { k1, b, length, average_length } = numbers;
  return (idf * count * (k1 + 1)) / (count + k1 * (1 - b + (b * length) / average_length));
}

/**
 * The score that a person computes from an explanation with its documentation at hand: from credits, counts and
 * factors alone, none of the sums and products that stand there too.
 */
export function recomputedScore(explain: ExplanationDto): number {
  const idf = (df: number) => Math.log(1 + (explain.memories - df + 0.5) / (df + 0.5));
  const bm25 = sum(
    explain.terms.map(({ df, credits }) => share(idf(df), sum(credits.map(({ credit }) => credit)), explain)),
  );
  const { bigrams, factors } = explain;
  const pairs = bigrams ? bigrams.weight * sum(bigrams.pairs.map(({ df }) => share(idf(df), 1, bigrams))) : 0;
  const { speaker, date, when, question, length, mentions, salience } = factors;
  const raw = (bm25 + pairs) * speaker * date * when * question * length * mentions * salience;
  return raw / (raw + explain.half);
}
