import type { MemoryColumns } from './memory-columns.js';

/** What is in the index of one owner, in short: as long as this is the same, so is that. */
export interface ScopeState {
  readonly userId: string;
  readonly revision: number;
  readonly nextPosition: number;
}

/** What searches before have read of the index. */
export interface KeptColumns {
  /** Of the owners that it is about, in their order. */
  states: readonly ScopeState[];
  readonly memories: MemoryColumns;
  /** Searches that look at it right now: as long as there are any, it stays as it is. */
  users: number;
}

/**
 * Keeps what searches have read of the recall index, up to so many bytes: what was used longest ago goes first.
 * Keys name the vault; what comes of it is compared, in every search, with what the database has then.
 */
export class RecallCache {
  /** The one used last is the last. */
  private readonly kept = new Map<string, { readonly columns: KeptColumns; readonly bytes: number }>();
  private bytes = 0;

  /** @param limit in bytes; 0 keeps nothing */
  constructor(private readonly limit: number) {}

  get(key: string): KeptColumns | undefined {
    const entry = this.kept.get(key);
    if (!entry) return undefined;
    this.kept.delete(key);
    this.kept.set(key, entry);
    return entry.columns;
  }

  /** What is too large is not kept. */
  set(key: string, columns: KeptColumns): void {
    this.delete(key);
    const bytes = columns.memories.byteLength + key.length;
    if (bytes > this.limit) return;
    this.kept.set(key, { columns, bytes });
    this.bytes += bytes;
    for (const oldest of this.kept.keys()) {
      if (this.bytes <= this.limit) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.kept.get(key);
    if (!entry) return;
    this.kept.delete(key);
    this.bytes -= entry.bytes;
  }
}
