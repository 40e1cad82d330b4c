import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { indexedOf } from '../recall/indexed.js';
import type { WrittenBlock } from '../recall/index-tails.js';
import { RecallIndex } from '../recall/recall-index.js';
import { PreparedInsert } from '../tenancy/prepared-insert.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { AutomaticWaypoints } from '../waypoints/automatic-waypoints.js';
import { ExpirySweep } from './expiry-sweep.js';
import { Arriving, type Contents } from './memory-batch-arriving.js';
import { ArrivalOrder } from './memory-batch-order.js';
import { contentsOf, hashOf, refusePast } from './memory-change.js';
import type { NewMemory } from './memory.dto.js';
import { Memory } from './memory.entity.js';
import { refuseOtherUser } from './memory-filters.js';
import { MemoryFollowUps } from './memory-follow-ups.js';
import { MemoryRemover } from './memory-remover.js';

/** A memory that is stored now. */
export interface Stored {
  readonly memory: Memory;
  /** False: it was there already, and `on_duplicate: "return"` asked for it. */
  readonly created: boolean;
}

/** Stores new memories, one or many, with their index entries. */
@Injectable()
export class MemoryCreator {
  private readonly byId: PreparedSelect<Memory>;
  private readonly byContent: PreparedSelect<Memory>;
  private readonly insert: PreparedInsert<Memory>;

  constructor(
    @InjectRepository(Memory) memories: Repository<Memory>,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
    private readonly index: RecallIndex,
    private readonly remover: MemoryRemover,
    private readonly sweep: ExpirySweep,
    private readonly waypoints: AutomaticWaypoints,
    private readonly followUps: MemoryFollowUps,
  ) {
    this.byId = new PreparedSelect(memories, 'taken', (query) => query.where('taken.id = :id').limit(1));
    this.byContent = new PreparedSelect(memories, 'm', (query) =>
      query
        .where('m.userId = :userId AND m.contentHash = :contentHash AND m.content = :content')
        // An expression: for the bare column SQLite walks all of the owner's memories in that order, instead of
        // looking the content up in its index.
        .orderBy('m.position + 0', 'ASC')
        .limit(1),
    );
    this.insert = new PreparedInsert(memories);
  }

  /**
   * Stores memories in the order given, in one transaction. One that is refused keeps none of the others back.
   *
   * @param order where these belong with others that were stored before: that of all of them
   * @returns for each what became of it. ApiError: 400 for an expiry that has passed, 403 for another user, 409
   *   ID_EXISTS for an id that the vault (whoever owns it) or one of those before it has
   */
  async create(inputs: readonly NewMemory[], order = new ArrivalOrder()): Promise<(Stored | ApiError)[]> {
    const now = Date.now();
    const refused = inputs.map((input) => refusalOf(input, now));
    if (!refused.includes(undefined)) return refused as ApiError[];
    return this.tenancy.transaction(async () => {
      await this.vaults.ensureWritable();
      order.begin(now, inputs.length);
      const arriving = new Arriving();
      const outcomes: (Stored | ApiError)[] = [];
      for (const [i, input] of inputs.entries()) {
        const known = refused[i] ?? (asksToLook(input) ? await this.lookUp(input, arriving) : undefined);
        outcomes.push(known ?? this.admit(input, now, order, arriving));
      }
      if (arriving.memories.length > 0) {
        this.sweep.afterWrite();
        await this.store(arriving.memories);
        await this.followUps.added(arriving.memories);
      }
      return outcomes;
    });
  }

  /** What becomes of one that is not to be stored, because of what is there already. */
  private async lookUp(input: NewMemory, arriving: Arriving): Promise<Stored | ApiError | undefined> {
    const { id, content } = input;
    if (input.on_duplicate === 'return') {
      const wanted = { userId: ownerOf(input), content, contentHash: hashOf(content) };
      const memory = (await this.findEqual(wanted)) ?? arriving.equalTo(wanted);
      if (memory) return { memory, created: false };
    }
    const isTaken = id !== undefined && (arriving.hasId(id) || !(await this.claimId(id)));
    return isTaken ? idExists() : undefined;
  }

  /** Adds one to those that are to be stored. */
  private admit(input: NewMemory, now: number, order: ArrivalOrder, arriving: Arriving): Stored {
    const { id, createdAt } = order.next(input);
    const memory: Memory = {
      vaultId: TenantContext.scope().vaultId,
      id,
      userId: ownerOf(input),
      // Until it is stored; no database takes it.
      position: NaN,
      lastSeenAt: createdAt,
      version: 1,
      createdAt,
      updatedAt: input.created_at === undefined ? createdAt : now,
      // Last: properties added to a copy cost V8 as much as all the rest of this function.
      ...contentsOf(input),
    };
    arriving.add(memory);
    return { memory, created: true };
  }

  /**
   * Gives new memories their positions, owner by owner, writes them, and joins them to those before them. For
   * imports too, in their own unit of work: what follows from a write is theirs to count.
   */
  async store(memories: readonly Memory[]): Promise<void> {
    const byOwner = new Map<string, Memory[]>();
    for (const memory of memories) {
      const list = byOwner.get(memory.userId);
      if (list) list.push(memory);
      else byOwner.set(memory.userId, [memory]);
    }
    // In one order for all writers, since each locks what it counts in.
    const owners = [...byOwner.keys()].sort();
    const written: (readonly WrittenBlock[])[] = [];
    for (const userId of owners) {
      const own = byOwner.get(userId)!;
      const { positions, blocks } = await this.index.appendAll(userId, own.map(indexedOf));
      written.push(blocks);
      for (const [i, memory] of own.entries()) memory.position = positions[i];
    }
    await this.insert.runMany(memories);
    for (const [i, userId] of owners.entries()) await this.waypoints.link(byOwner.get(userId)!, written[i]);
  }

  /** The first of the owner's memories with this very content. */
  private findEqual(wanted: Contents): Promise<Memory | null> {
    return this.byContent.one({ ...wanted });
  }

  /**
   * An id is unique in the vault, so the look goes beyond the user, and beyond what has expired: that makes room.
   *
   * @returns whether it is free
   */
  private claimId(id: string): Promise<boolean> {
    return TenantContext.asVault(async () => {
      const taken = await this.byId.one({ id });
      if (!taken) return true;
      if (taken.expiresAt === null || taken.expiresAt > Date.now()) return false;
      await this.remover.remove([taken], 'expire');
      return true;
    });
  }
}

/** Whose it will be; empty: nobody's. */
function ownerOf({ user_id }: NewMemory): string {
  return user_id ?? TenantContext.scope().userId ?? '';
}

/** Whether what is there already has a say in what becomes of it. */
function asksToLook({ id, on_duplicate }: NewMemory): boolean {
  return id !== undefined || on_duplicate === 'return';
}

/** What can be said against a memory without a look at the others. */
function refusalOf({ user_id, expires_at }: NewMemory, now: number): ApiError | undefined {
  try {
    refuseOtherUser(user_id);
    refusePast(expires_at, now);
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

function idExists(): ApiError {
  return new ApiError(409, 'ID_EXISTS', 'The vault already has a memory with this id.', {
    errors: [{ field: 'id', message: 'is taken' }],
  });
}
