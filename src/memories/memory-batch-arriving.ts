import type { Memory } from './memory.entity.js';

/** What tells whether an owner has the very content already. */
export type Contents = Pick<Memory, 'userId' | 'content' | 'contentHash'>;

/** The memories of a transaction that are not stored yet, where those after them find them. */
export class Arriving {
  readonly memories: Memory[] = [];
  private readonly ids = new Set<string>();
  private readonly byContent = new Map<string, Memory>();

  add(memory: Memory): void {
    const key = contentKey(memory);
    this.memories.push(memory);
    this.ids.add(memory.id);
    if (!this.byContent.has(key)) this.byContent.set(key, memory);
  }

  hasId(id: string): boolean {
    return this.ids.has(id);
  }

  /** The first of the owner's with this very content. */
  equalTo(wanted: Contents): Memory | undefined {
    return this.byContent.get(contentKey(wanted));
  }
}

function contentKey({ userId, contentHash }: Contents): string {
  return `${contentHash}/${userId}`;
}
