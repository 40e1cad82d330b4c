import type { Sector } from '../memories/sectors.js';

/** The types of Metamorph's memories (its table `semantic_memory`). */
export const TYPES = ['episodic', 'semantic', 'identity'] as const;

export type MetamorphType = (typeof TYPES)[number];

/** The sector that a type is kept as; imports of Metamorph's databases keep them alike. */
export function sectorOf(type: MetamorphType): Sector {
  return type === 'identity' ? 'reflective' : type;
}

/** The type of a sector; those that Metamorph has no type for go by their own name. */
export function typeOf(sector: string): string {
  return sector === 'reflective' ? 'identity' : sector;
}
