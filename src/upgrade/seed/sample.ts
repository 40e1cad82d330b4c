import type { Sector } from '../../memories/sectors.js';

/** A memory of the sample data. */
export interface Sample {
  /** The same each time, and no other's: `sample-` stands before it. */
  readonly id: string;
  readonly user?: string;
  readonly session?: string;
  readonly sector: Sector;
  readonly content: string;
  readonly tags?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** When it happened, as `2026-03-01T09:00:00Z`. */
  readonly at: string;
  readonly expires?: string;
}

/** A waypoint between two samples of one user. */
export interface SampleLink {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  /** 0 to 1 */
  readonly weight: number;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface SampleCollection {
  readonly name: string;
  readonly description: string;
  readonly memories: readonly Sample[];
  readonly links: readonly SampleLink[];
}
