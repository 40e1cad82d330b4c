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

/** How many memories an owner has had and has, and how often the index of them was changed. */
export type OwnerCounts = Pick<
  ScopeRow,
  'userId' | 'nextPosition' | 'memoryCount' | 'termCount' | 'revision'
>;

interface Kept extends Tail {
  readonly revision: number;
  readonly nextPosition: number;
}

const SCOPES = 'scopes';
const TAILS = 'last blocks';

/**
 * The counters and last blocks of owners that units of work of this process have written, for the next ones that
 * append to them: what the counters say tells whether the last block is still the same.
 */
@Injectable()
export class IndexTails {
  constructor(private readonly tenancy: Tenancy) {}

  /** Undefined where they are not known. */
  countsOf(userId: string): OwnerCounts | undefined {
    return this.tenancy.kept<OwnerCounts>(SCOPES, userId);
  }

  /** @param scope what the running unit of work knows of the owner */
  of({ userId, revision, nextPosition }: OwnerCounts): Tail | undefined {
    const kept = this.tenancy.kept<Kept>(TAILS, userId);
    return kept?.revision === revision && kept.nextPosition === nextPosition ? kept : undefined;
  }

  /** @param scope the owner's counters from now on */
  keep(scope: OwnerCounts, tail: Tail): void {
    const { userId, revision, nextPosition } = scope;
    this.tenancy.keep(SCOPES, userId, scope);
    // It takes no more.
    if (tail.data.byteLength >= MAX_BLOCK_BYTES) return;
    const kept: Kept = { ...tail, revision, nextPosition };
    this.tenancy.keep(TAILS, userId, kept);
  }
}
