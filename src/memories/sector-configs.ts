import { SECTOR_PATTERNS } from './sector-patterns.js';
import { DECAY_LAMBDA, SECTORS, WEIGHT_TENTHS } from './sectors.js';

/** The five sectors as OpenMemory describes them to its clients. A pattern is an empty object: what JSON makes of a RegExp. */
export function sectorConfigs() {
  return Object.fromEntries(
    SECTORS.map((sector) => [
      sector,
      {
        model: 'words',
        decay_lambda: DECAY_LAMBDA[sector],
        weight: WEIGHT_TENTHS[sector] / 10,
        patterns: SECTOR_PATTERNS[sector].map(() => ({})),
      },
    ]),
  );
}
