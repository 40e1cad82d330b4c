import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Between, In, LessThan, MoreThan, MoreThanOrEqual, Or, type Repository } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { blocksOf } from './block-run.js';
import { examine } from './block-state.js';
import { type Stretch, stretchesToWrite } from './reindex-plan.js';
import { RowEncoder } from './row-encoder.js';
import { ScopeRow, firstRevision } from './scope.entity.js';
import { TermBlock } from './term-block.entity.js';
import { TOKENISER_VERSION } from './terms.js';

/** Blocks looked at in one transaction. */
const PAGE = 16;
/**
 * A transaction in which so many milliseconds have passed takes no further stretch (64 memories): others, in this
 * process and out of it, wait to write.
 */
const HOLD_MS = 20;
/** How often it begins anew when the outcome is not sound; only damage that it uncovers on its way makes a second. */
const ATTEMPTS = 3;

export interface RebuildOptions {
  /** Also what looks sound. */
  readonly force?: boolean;
  /** Called between transactions; what it returns is waited for. Throws to stop. */
  readonly pause?: () => Promise<void> | void;
  /** Gets how many positions were done since it was last called, and how many memories were indexed. */
  readonly onProgress?: (positions: number, memories: number) => void;
}

/** Where a pass has come to. */
interface Passed {
  /** All positions from here on are done. */
  readonly below: number;
  /** How many positions that was. */
  readonly positions: number;
  /** Memories that were indexed. */
  readonly memories: number;
  /** Whether any block was written. */
  readonly wrote: boolean;
}

/**
 * Rebuilds the recall index of one owner from its memories: in short transactions, from the newest memory to the
 * oldest, so that whoever stops it loses nothing and whoever starts it again goes on. What is sound stays; a
 * memory added, changed or deleted meanwhile is as it should be, since every transaction reads blocks and rows
 * anew. To be called in the context of the whole vault, expired rows included.
 */
@Injectable()
export class IndexRebuild {
  constructor(
    @InjectRepository(ScopeRow) private readonly scopes: Repository<ScopeRow>,
    @InjectRepository(TermBlock) private readonly blocks: Repository<TermBlock>,
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly encoder: RowEncoder,
    private readonly tenancy: Tenancy,
  ) {}

  /**
   * @param userId the owner, '' for none
   * @throws Error when it cannot be made sound
   */
  async run(userId: string, { force = false, pause, onProgress }: RebuildOptions = {}): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await this.begin(userId);
      let wrote = false;
      // Where the last block ends is known in each transaction alone: others write to it.
      for (let below = Infinity; below > 0;) {
        await pause?.();
        const passed = await this.chunk(userId, below, force || attempt > 1);
        onProgress?.(attempt === 1 ? passed.positions : 0, passed.memories);
        below = passed.below;
        wrote ||= passed.wrote;
      }
      await pause?.();
      if (await this.finish(userId, wrote)) return;
    }
    throw new Error('The recall index does not become sound');
  }

  /** Says that it needs rebuilding, for the case that this process does not live to see the end of it. */
  async markStale(userId: string): Promise<void> {
    await this.tenancy.transaction(async () => {
      const scope = await this.scopes.findOneBy({ userId });
      if (scope) await this.scopes.update({ userId }, { indexVersion: 0, revision: scope.revision + 1 });
    });
  }

  /** Puts right what the passes rely on. */
  private async begin(userId: string): Promise<void> {
    await this.tenancy.transaction(async () => {
      const end = 1 + ((await this.memories.maximum('position', { userId })) ?? -1);
      const scope = await this.scopes.findOneBy({ userId });
      if (!scope && end > 0) {
        const counts = {
          nextPosition: end,
          memoryCount: 0,
          termCount: 0,
          indexVersion: 0,
          revision: firstRevision(),
        };
        await this.scopes.insert({ userId, ...counts });
      }
      if (!scope) return;
      if (scope.nextPosition < end) await this.scopes.update({ userId }, { nextPosition: end });
      const outside = Or(LessThan(0), MoreThanOrEqual(Math.max(scope.nextPosition, end)));
      await this.blocks.delete([
        { userId, blockNo: outside },
        { userId, firstPosition: outside },
      ]);
    });
  }

  private async chunk(userId: string, below: number, force: boolean): Promise<Passed> {
    return this.tenancy.transaction(async () => {
      // The vault may have been erased meanwhile.
      const scope = await this.scopes.findOneBy({ userId });
      if (!scope) return { below: 0, positions: 0, memories: 0, wrote: false };
      const upper = Math.min(below, scope.nextPosition);
      // A block's number is never above its first position, so this is a range of the key.
      const page = await this.blocks.find({
        where: { userId, blockNo: LessThan(upper), firstPosition: LessThan(upper) },
        order: { blockNo: 'DESC' },
        take: PAGE,
      });
      const from = page.length < PAGE ? 0 : Math.min(...page.map(({ firstPosition }) => firstPosition));
      const extents = page.map((block) => ({
        ...block,
        sound: !force && isSound(block),
      }));
      const stretches = stretchesToWrite(extents, from, upper);
      let memories = 0;
      let terms = 0;
      let lower = from;
      const began = performance.now();
      for (const [i, stretch] of stretches.entries()) {
        const written = await this.write(userId, stretch, page);
        memories += written.memories;
        terms += written.terms;
        await nextTurn();
        if (performance.now() - began < HOLD_MS) continue;
        if (i < stretches.length - 1) lower = stretch.from;
        break;
      }
      if (terms !== 0) {
        const { termCount } = await this.scopes.findOneOrFail({
          where: { userId },
          select: { termCount: true },
        });
        await this.scopes.update({ userId }, { termCount: termCount + terms });
      }
      return { below: lower, positions: upper - lower, memories, wrote: stretches.length > 0 };
    });
  }

  /**
   * Writes the blocks of a stretch anew.
   *
   * @returns how many memories are in it, and how many terms more than before
   */
  private async write(userId: string, { from, to }: Stretch, page: readonly TermBlock[]) {
    const slots = await this.encoder.slots(userId, from, to - from);
    const former = page.filter(({ firstPosition }) => firstPosition >= from && firstPosition < to);
    // Those numbered as the new ones are going to be, too: else damage would stand in the way of its repair.
    await this.blocks.delete({ userId, blockNo: In(former.map(({ blockNo }) => blockNo)) });
    await this.blocks.delete({ userId, blockNo: Between(from, to - 1) });
    const written = blocksOf(from, slots);
    await this.blocks.insert(written.map((block) => ({ userId, blockNo: block.firstPosition, ...block })));
    return {
      memories: slots.filter((slot) => slot !== null).length,
      terms: termsIn(written) - termsIn(former),
    };
  }

  /** Says that it is rebuilt, with its counters. @returns false when it is not */
  private async finish(userId: string, wrote: boolean): Promise<boolean> {
    return this.tenancy.transaction(async () => {
      const scope = await this.scopes.findOneBy({ userId });
      if (!scope) return true;
      let next = 0;
      let memoryCount = 0;
      let termCount = 0;
      for (let page: TermBlock[] | undefined; page?.length !== 0;) {
        page = await this.blocks.find({
          where: { userId, blockNo: MoreThan(page?.at(-1)?.blockNo ?? -1) },
          order: { blockNo: 'ASC' },
          take: PAGE,
        });
        for (const block of page) {
          if (!isSound(block) || block.firstPosition !== next) return false;
          const { counts } = examine(block);
          next += block.slots;
          memoryCount += counts.memories;
          termCount += counts.terms;
        }
        await nextTurn();
      }
      if (next !== scope.nextPosition || memoryCount !== (await this.memories.countBy({ userId })))
        return false;
      // While it was stale, nobody kept anything of it.
      const isChanged = wrote && scope.indexVersion === TOKENISER_VERSION;
      const revision = scope.revision + (isChanged ? 1 : 0);
      await this.scopes.update(
        { userId },
        { memoryCount, termCount, indexVersion: TOKENISER_VERSION, revision },
      );
      return true;
    });
  }
}

/** Whether a block may stay as it is: as a block is numbered today, too. */
function isSound(block: TermBlock): boolean {
  return block.blockNo === block.firstPosition && examine(block).state === 'current';
}

/** The terms that `scopes` counts of these blocks, as far as anybody knows: the end puts the count right. */
function termsIn(blocks: readonly Pick<TermBlock, 'slots' | 'data'>[]): number {
  return blocks.reduce((sum, block) => sum + examine(block).counts.terms, 0);
}
