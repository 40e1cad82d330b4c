import type { Memory } from '../memories/memory.entity.js';
import { isReinforced } from '../memories/salience.js';
import { type IndexedMemory, featuresOf } from './memory-features.js';
import type { Slot } from './term-block.js';
import { termHash } from './terms.js';

/** All that the index takes of a memory. */
export interface Indexed extends IndexedMemory {
  /** Milliseconds since 1970; null for never. */
  readonly expiresAt: number | null;
  /** Whether its salience is above that of a new memory of its sectors. */
  readonly reinforced: boolean;
}

/** @param memory a row of `memories`, or what is to become one */
export function indexedOf(
  memory: Omit<Indexed, 'reinforced'> & Pick<Memory, 'salience' | 'sectors'>,
): Indexed {
  const { content, metadata, sessionId, createdAt, expiresAt } = memory;
  return { content, metadata, sessionId, createdAt, expiresAt, reinforced: isReinforced(memory) };
}

/** What the index keeps of it: a pure function, so that a rebuilt index is equal byte for byte. */
export function slotOf(memory: Indexed): Slot {
  const features = featuresOf(memory);
  const session = features.session === null ? null : termHash(features.session);
  return {
    terms: features.terms.map(termHash),
    speaker: features.speaker.map(termHash),
    mentions: features.mentions,
    day: features.day,
    session,
    time: session === null ? integerOr0(features.time) : null,
    expiresAt: memory.expiresAt,
    endsWithQuestion: features.endsWithQuestion,
    hasCaption: features.hasCaption,
    onlyQuestions: features.onlyQuestions,
    hasTime: features.hasTime,
    reinforced: memory.reinforced,
  };
}

/** Rows of adopted databases may hold times that are none. */
function integerOr0(value: number): number {
  return Number.isSafeInteger(value) ? value : 0;
}
