import { Injectable } from '@nestjs/common';
import { Tenancy } from '../tenancy/tenancy.js';
import type { ScopeRow } from './scope.entity.js';
import { MAX_BLOCK_BYTES } from './term-block.js';
import type { TermBlock } from './term-block.entity.js';

/** What is known of a memory in a block beside what the block says. */
export interface Place {
  readonly id: string;
  readonly position: number;
  readonly sessionId: string | null;
}

/** A block as it is now. */
export type WrittenBlock = Pick<TermBlock, 'firstPosition' | 'slots' | 'data'> & {
  /** Of some of its memories, by position: who reads them, or writes them, may add to it. */
  readonly places: Map<number, Place>;
};

/** The last block of an owner's. */
export type Tail = WrittenBlock & Pick<TermBlock, 'blockNo'>;

interface Kept extends Tail {
  readonly revision: number;
  readonly nextPosition: number;
}

const KIND = 'last blocks';

/**
 * The last blocks that units of work of this process have written, for the next ones that append to them: what the
 * counters of an owner say tells whether its last block is still the same.
 */
@Injectable()
export class IndexTails {
  constructor(private readonly tenancy: Tenancy) {}

  /** @param scope what the running unit of work has read of the owner */
  of({ userId, revision, nextPosition }: ScopeRow): Tail | undefined {
    const kept = this.tenancy.kept<Kept>(KIND, userId);
    return kept?.revision === revision && kept.nextPosition === nextPosition ? kept : undefined;
  }

  /** @param nextPosition the owner's from now on */
  keep({ userId, revision }: ScopeRow, nextPosition: number, tail: Tail): void {
    // It takes no more.
    if (tail.data.byteLength >= MAX_BLOCK_BYTES) return;
    const kept: Kept = { ...tail, revision, nextPosition };
    this.tenancy.keep(KIND, userId, kept);
  }
}
