import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { TenantContext } from '../tenancy/tenant-context.js';
import { examine } from './block-state.js';
import { Reindexer } from './reindexer.js';
import { CorruptBlockError, isCurrent } from './term-block-layout.js';
import type { ScopeBlock } from './memory-columns.js';

/** After a failure (a full disk, another process that keeps writing), and between repairs of one owner's index. */
const RETRY_MS = 60_000;
/** Owners whose repair is remembered. */
const REMEMBERED_OWNERS = 10_000;

/** Thrown into a rebuild to end it. */
class Stopped extends Error {}

/**
 * Keeps the recall index up to date while the service runs: rebuilds what an older version wrote, and what a
 * search has found damaged. In the background: at most half of the time, and never long at a stretch.
 */
@Injectable()
export class IndexUpkeep implements OnModuleDestroy {
  private readonly logger = new Logger('IndexUpkeep');
  private readonly running = new Set<Promise<void>>();
  private readonly lastRepair = new Map<string, number>();
  private readonly stopping = new AbortController();
  private outdated = false;

  constructor(private readonly reindexer: Reindexer) {}

  /** Whether memories are still missing from the index because an older version of the service wrote it. */
  get rebuilding(): boolean {
    return this.outdated;
  }

  /** Rebuilds, from now on, what is stale in these vaults; what fails is tried again until it is done. */
  begin(vaults: Iterable<string> | AsyncIterable<string>): void {
    this.outdated = true;
    this.inBackground(async () => {
      let memories = 0;
      const onProgress = (_: number, indexed: number) => void (memories += indexed);
      for (let left = vaults; ;) {
        const failed: string[] = [];
        let failure: unknown;
        try {
          for await (const vaultId of left) {
            if (this.stopping.signal.aborted) return;
            try {
              await this.reindexer.vault(vaultId, { which: 'stale', pause: this.pacing(), onProgress });
            } catch (error) {
              failure = error;
              failed.push(vaultId);
            }
          }
          left = failed;
        } catch (error) {
          // There is no telling which vaults are left: the list is asked for anew.
          failure = error;
          left = vaults;
        }
        if (failure === undefined) break;
        this.warn(failure);
        await sleep(RETRY_MS, undefined, { signal: this.stopping.signal, ref: false });
      }
      this.outdated = false;
      this.logger.log(`The recall index is up to date: ${memories} memories indexed`);
    });
  }

  /**
   * To be called where a block of this owner's turns out to be damaged: it is passed over, and made anew from the
   * memories.
   */
  repair(userId: string): void {
    const { vaultId } = TenantContext.scope();
    const key = JSON.stringify([vaultId, userId]);
    const last = this.lastRepair.get(key);
    const now = performance.now();
    if (last !== undefined && now - last < RETRY_MS) return;
    if (this.lastRepair.size >= REMEMBERED_OWNERS) this.lastRepair.clear();
    this.lastRepair.set(key, now);
    this.logger.warn('A block of the recall index is damaged and is made anew');
    this.inBackground(async () => {
      // The request that found it is answered first.
      await nextTurn();
      await this.reindexer.owner(vaultId, userId, { pause: this.pacing() });
    });
  }

  /**
   * Reads those blocks that can be used: what an older version wrote is passed over until it is rebuilt, and so is
   * what turns out to be damaged, which is made anew then.
   *
   * @param read is run again, on fewer blocks, where it throws CorruptBlockError
   */
  async readUsable<T>(
    blocks: readonly ScopeBlock[],
    read: (usable: readonly ScopeBlock[]) => Promise<T>,
  ): Promise<T> {
    try {
      return await read(blocks.filter(({ data }) => isCurrent(data)));
    } catch (error) {
      if (!(error instanceof CorruptBlockError)) throw error;
    }
    const states = blocks.map((block) => examine(block).state);
    const owners = blocks.filter((_, i) => states[i] === 'damaged').map(({ userId }) => userId);
    for (const userId of new Set(owners)) this.repair(userId);
    return read(blocks.filter((_, i) => states[i] === 'current'));
  }

  /** The database closes after this: waits for the step under way. What is left is done after the next start. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  private inBackground(work: () => Promise<void>): void {
    if (this.stopping.signal.aborted) return;
    const running = work()
      .catch((error: unknown) => this.warn(error))
      .finally(() => this.running.delete(running));
    this.running.add(running);
  }

  /** Between two steps of a rebuild: rests for as long as the step took, or ends it where the service stops. */
  private pacing(): () => Promise<void> {
    let since = performance.now();
    return async () => {
      const { signal } = this.stopping;
      if (signal.aborted) throw new Stopped();
      await sleep(performance.now() - since, undefined, { signal });
      since = performance.now();
    };
  }

  /** By its name alone: a message may hold what users stored. */
  private warn(error: unknown): void {
    if (this.stopping.signal.aborted) return;
    this.logger.warn(`The recall index is not rebuilt yet: ${(error as Error).name}`);
  }
}
