import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { freeBlocks } from './block-memory.js';
import { IndexRows } from './index-rows.js';
import { IndexUpkeep } from './index-upkeep.js';
import { MemoryColumns, type ScopeBlock } from './memory-columns.js';
import { type KeptColumns, RecallCache, type ScopeState } from './recall-cache.js';
import { CorruptBlockError } from './term-block-layout.js';
import { TOKENISER_VERSION } from './terms.js';
import { Turns } from './turns.js';

/** So many memories are taken in in one go; where there are more, all are read anew. */
const MOST_TAKEN_IN = 2_048;

/**
 * Reads the recall index for searches, as the running snapshot of the database has it. What was read before is
 * read again only where `scopes` says that it has changed; what was added since is taken in.
 */
@Injectable()
export class RecallReader {
  private readonly cache: RecallCache;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly rows: IndexRows,
    private readonly upkeep: IndexUpkeep,
    private readonly tenancy: Tenancy,
  ) {
    this.cache = new RecallCache(config.search.cacheBytes);
  }

  /**
   * Runs `use` on the living memories of one owner, or of all that the scope sees when undefined. It must not keep
   * them.
   *
   * @param now milliseconds since 1970
   */
  async read<T>(
    userId: string | undefined,
    now: number,
    use: (memories: MemoryColumns) => Promise<T>,
  ): Promise<T> {
    // What a transaction has written is nobody else's yet.
    if (!this.tenancy.readsOnly) return use(await this.build(userId, now));
    const columns = await this.columns(userId, now);
    try {
      return await use(columns.memories);
    } finally {
      columns.users -= 1;
    }
  }

  /** The caller is one of its users. */
  private async columns(userId: string | undefined, now: number): Promise<KeptColumns> {
    const { vaultId, userId: ownUser } = TenantContext.scope();
    const key = JSON.stringify([vaultId, ownUser ?? null, userId ?? null]);
    const scopes = await this.rows.scopes(userId);
    const states = scopes.map(({ userId, revision, nextPosition }) => ({ userId, revision, nextPosition }));
    const kept = this.kept(key, states, now) ?? (await this.extended(key, states, now));
    if (kept) return kept;
    const columns = { states, memories: await this.build(userId, now), users: 1 };
    // What was passed over, being outdated or damaged, comes into the index again without another revision.
    const isWhole = scopes.every(({ indexVersion }) => indexVersion === TOKENISER_VERSION);
    if (isWhole && !isLater(this.cache.get(key)?.states, states)) this.cache.set(key, columns);
    return columns;
  }

  /** What was kept, where it is still true. */
  private kept(key: string, states: readonly ScopeState[], now: number): KeptColumns | undefined {
    const kept = this.cache.get(key);
    if (!kept?.memories.holdsAt(now) || !areSame(kept.states, states)) return undefined;
    kept.users += 1;
    return kept;
  }

  /** What was kept with what was added to it since; undefined where anything else has changed. */
  private async extended(
    key: string,
    states: readonly ScopeState[],
    now: number,
  ): Promise<KeptColumns | undefined> {
    const kept = this.cache.get(key);
    if (!kept?.memories.holdsAt(now) || kept.states.length !== 1 || states.length !== 1) return undefined;
    const before = kept.states;
    const [was] = before;
    const [is] = states;
    const added = is.nextPosition - was.nextPosition;
    if (!isSameRevision(was, is) || added <= 0 || added > MOST_TAKEN_IN) return undefined;
    const blocks = await this.rows.blocksFrom(is.userId, was.nextPosition);
    try {
      if (!reach(blocks, was.nextPosition, is.nextPosition)) return undefined;
      // From here on everything happens at once; another search may have taken them in meanwhile.
      if (this.cache.get(key) !== kept || kept.states !== before) return this.kept(key, states, now);
      const memories = kept.users > 0 ? kept.memories.clone() : kept.memories;
      memories.extend(blocks, was.nextPosition, now);
      const columns = memories === kept.memories ? kept : { states, memories, users: 0 };
      columns.states = states;
      columns.users += 1;
      this.cache.set(key, columns);
      return columns;
    } catch (error) {
      if (!(error instanceof CorruptBlockError)) throw error;
      // Half taken in; all is read anew, and what is damaged is found out.
      this.cache.delete(key);
      return undefined;
    } finally {
      freeBlocks(blocks);
    }
  }

  private async build(userId: string | undefined, now: number): Promise<MemoryColumns> {
    const all = await this.rows.blocksOf(userId);
    try {
      return await this.upkeep.readUsable(all, (blocks) => MemoryColumns.of(blocks, now, new Turns()));
    } finally {
      freeBlocks(all);
    }
  }
}

/** Whether blocks hold all positions from one to before the other. */
function reach(blocks: readonly ScopeBlock[], from: number, to: number): boolean {
  let end = blocks.at(0)?.firstPosition ?? to;
  if (end > from) return false;
  for (const { firstPosition, slots } of blocks) {
    if (firstPosition !== end) return false;
    end += slots;
  }
  return end === to;
}

function isSameRevision(one: ScopeState, other: ScopeState): boolean {
  return one.userId === other.userId && one.revision === other.revision;
}

function areSame(one: readonly ScopeState[], other: readonly ScopeState[]): boolean {
  return (
    one.length === other.length &&
    one.every((state, i) => isSameRevision(state, other[i]) && state.nextPosition === other[i].nextPosition)
  );
}

/** Whether the first has all of the second and more: another search saw a later state of the database. */
function isLater(one: readonly ScopeState[] | undefined, other: readonly ScopeState[]): boolean {
  return (
    one?.length === other.length &&
    one.every((state, i) => isSameRevision(state, other[i]) && state.nextPosition >= other[i].nextPosition)
  );
}
