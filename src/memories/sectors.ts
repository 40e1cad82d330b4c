import { SECTOR_PATTERNS, mayShowSector } from './sector-patterns.js';

/** The kinds of memory, in the order in which equal scores are decided. */
export const SECTORS = ['episodic', 'semantic', 'procedural', 'emotional', 'reflective'] as const;

export type Sector = (typeof SECTORS)[number];

/** How fast salience fades in each sector, per day. Values are OpenMemory's. */
export const DECAY_LAMBDA: Readonly<Record<Sector, number>> = Object.freeze({
  episodic: 0.015,
  semantic: 0.005,
  procedural: 0.008,
  emotional: 0.02,
  reflective: 0.001,
});

/** What a point counts in each sector, in tenths, so that sums and ties are exact. Values are OpenMemory's. */
export const WEIGHT_TENTHS: Readonly<Record<Sector, number>> = {
  episodic: 12,
  semantic: 10,
  procedural: 11,
  emotional: 13,
  reflective: 8,
};

export interface Classification {
  readonly primary: Sector;
  /** The primary sector first, then the additional ones, best first. */
  readonly sectors: readonly Sector[];
}

export function isSector(value: unknown): value is Sector {
  return SECTORS.includes(value as Sector);
}

/**
 * The sectors a text belongs to. Each kind of wording found adds its points times the sector's weight, once
 * however often it occurs. The primary sector has the highest sum (semantic when nothing is found); a further
 * one is added when its sum is at least 1 and at least 0.3 of the primary's. The whole text counts, in linear
 * time.
 *
 * @param metadata the memory's metadata; a `sector` in it that names a sector decides alone
 */
export function classify(text: string, metadata?: Readonly<Record<string, unknown>> | null): Classification {
  const told = metadata?.sector;
  if (isSector(told)) return { primary: told, sectors: [told] };
  if (!mayShowSector(text)) return { primary: 'semantic', sectors: ['semantic'] };
  const tenths = sectorScores(text);
  const found = SECTORS.filter((sector) => tenths[sector] > 0);
  // A stable sort: equal scores stay in the order of SECTORS.
  const [primary, ...others] = found.sort((a, b) => tenths[b] - tenths[a]);
  if (primary === undefined) return { primary: 'semantic', sectors: ['semantic'] };
  const additional = others.filter((s) => tenths[s] >= 10 && 10 * tenths[s] >= 3 * tenths[primary]);
  return { primary, sectors: [primary, ...additional] };
}

/** The sum of points times weight in each sector, in tenths. */
function sectorScores(text: string): Record<Sector, number> {
  const scores = {} as Record<Sector, number>;
  for (const sector of SECTORS) {
    let points = 0;
    for (const group of SECTOR_PATTERNS[sector]) if (group.pattern.test(text)) points += group.points;
    scores[sector] = WEIGHT_TENTHS[sector] * points;
  }
  return scores;
}

/** The salience a memory of these sectors begins with, in [0, 1]: 0.4, and 0.1 more for each additional sector. */
export function initialSalience(sectors: readonly Sector[]): number {
  return Math.min(1, Math.max(0, 0.4 + 0.1 * (sectors.length - 1)));
}
