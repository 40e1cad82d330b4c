/** Ranks at which recall is taken. */
export const RANKS = [5, 10, 20] as const;

export type Rank = (typeof RANKS)[number];

/** How well questions were answered; each from 0 to 1, the mean over the questions. */
export interface RecallFigures {
  readonly questions: number;
  /** The fraction of a question's evidence among its first so many results. */
  readonly recall: Readonly<Record<Rank, number>>;
  /** 1 / the rank of the first result that is evidence; 0 when there is none. */
  readonly reciprocalRank: number;
}

/**
 * @param ranked the ids that were found, the best first
 * @param evidence not empty
 */
export function figuresOf(ranked: readonly string[], evidence: ReadonlySet<string>): RecallFigures {
  const recallAt = (rank: number) => {
    const found = new Set(ranked.slice(0, rank).filter((id) => evidence.has(id)));
    return found.size / evidence.size;
  };
  const first = ranked.slice(0, Math.max(...RANKS)).findIndex((id) => evidence.has(id));
  return {
    questions: 1,
    recall: { 5: recallAt(5), 10: recallAt(10), 20: recallAt(20) },
    reciprocalRank: first < 0 ? 0 : 1 / (first + 1),
  };
}

/** Figures of single questions put together. */
export function meanOf(figures: readonly RecallFigures[]): RecallFigures {
  const mean = (of: (one: RecallFigures) => number) =>
    figures.length === 0 ? 0 : figures.reduce((sum, one) => sum + of(one), 0) / figures.length;
  return {
    questions: figures.length,
    recall: {
      5: mean(({ recall }) => recall[5]),
      10: mean(({ recall }) => recall[10]),
      20: mean(({ recall }) => recall[20]),
    },
    reciprocalRank: mean(({ reciprocalRank }) => reciprocalRank),
  };
}
