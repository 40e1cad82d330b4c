import type { Sector } from '../../memories/sectors.js';

/** A row of a source, by the table and the id that the source knows it by. */
export interface Reference {
  readonly table: string;
  readonly key: string;
}

/** An embedding that comes with a memory. */
export interface VectorDraft {
  readonly model: string;
  /** Little-endian float32. */
  readonly v: Buffer;
}

/** A waypoint from a memory to another that came before it. It is left out where that one is not there. */
export interface Link {
  readonly to: Reference;
  readonly type: string;
  /** It leads from the other one to this. */
  readonly isReversed?: boolean;
}

/** What becomes a memory. Times are milliseconds since 1970; absent ones are those of the import. */
export interface MemoryDraft {
  readonly kind: 'memory';
  /** The id it had, if a memory can have it. Where another has it already, it gets one made from it. */
  readonly id?: string;
  /** Empty: nobody's. */
  readonly userId: string;
  readonly sessionId?: string;
  readonly collection?: string;
  readonly content: string;
  /** The first is the primary one. Read off the text where there is none. */
  readonly sectors?: readonly Sector[];
  /** JSON array of strings. */
  readonly tags: string;
  /** JSON object. */
  readonly metadata: string;
  /** 0 to 1; that of a new memory of its sectors when absent. */
  readonly salience?: number;
  readonly decayLambda?: number;
  readonly version?: number;
  readonly createdAt?: number;
  readonly updatedAt?: number;
  readonly lastSeenAt?: number;
  readonly expiresAt?: number;
  readonly vector?: VectorDraft;
  readonly links?: readonly Link[];
}

export interface WaypointDraft {
  readonly kind: 'waypoint';
  /** Either end may be in one of several tables. */
  readonly from: readonly Reference[];
  readonly to: readonly Reference[];
  readonly type: string;
  /** 0 to 1 */
  readonly weight: number;
  /** JSON object. */
  readonly metadata: string;
  readonly createdAt?: number;
  /** What to say where an end is not in the vault, if that is known. */
  readonly missing?: string;
}

export interface UserDraft {
  readonly kind: 'user';
  readonly userId: string;
  readonly summary?: string;
  readonly reflectionCount?: number;
  readonly createdAt?: number;
}

export interface CollectionDraft {
  readonly kind: 'collection';
  readonly name: string;
  readonly description?: string;
  /** JSON object. */
  readonly metadata: string;
  readonly createdAt?: number;
}

export interface FactDraft {
  readonly kind: 'fact';
  readonly id?: string;
  readonly userId: string;
  readonly subject: string;
  readonly predicate: string;
  readonly object: string;
  readonly validFrom?: number;
  readonly validTo?: number;
  readonly confidence: number;
  /** JSON object. */
  readonly metadata: string;
  readonly lastUpdated?: number;
}

/** A counted event. */
export interface StatDraft {
  readonly kind: 'stat';
  readonly userId: string;
  readonly type: string;
  readonly ts?: number;
  /** JSON object. */
  readonly dims: string;
}

export type Draft = MemoryDraft | WaypointDraft | UserDraft | CollectionDraft | FactDraft | StatDraft;

/**
 * What becomes of a row:
 *
 * - `imported`: it becomes a row of ours.
 * - `kept`: it is understood, and nothing of ours would come of it.
 * - `quarantined`: something is wrong with it, or with what it refers to.
 *
 * Every one is kept in `legacy_rows` as it was.
 */
export type Status = 'imported' | 'kept' | 'quarantined';

export type Outcome =
  | { readonly status: 'imported'; readonly draft: Draft; readonly note?: string }
  | { readonly status: 'kept' | 'quarantined'; readonly reason: string; readonly userId?: string };

export function imported(draft: Draft, note?: string): Outcome {
  return { status: 'imported', draft, note };
}

/** @param userId whose it is, so that it goes with that user */
export function kept(reason: string, userId?: string): Outcome {
  return { status: 'kept', reason, userId };
}

/** @param userId whose it is, so that it goes with that user */
export function quarantined(reason: string, userId?: string): Outcome {
  return { status: 'quarantined', reason, userId };
}
