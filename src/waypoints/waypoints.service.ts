import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ApiError, unacceptable } from '../http/api-error.js';
import { Memory } from '../memories/memory.entity.js';
import { PreparedInsert } from '../tenancy/prepared-insert.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { endIsSeen } from './seen-ends.js';
import { Waypoint } from './waypoint.entity.js';
import { memoryNotFound } from './waypoint-walker.js';

/** Which waypoint: there is at most one of a type from one memory to another. */
export interface WaypointKey {
  readonly srcId: string;
  readonly dstId: string;
  readonly type: string;
}

export interface WaypointInput extends WaypointKey {
  /** 0 to 1. */
  readonly weight: number;
  /** Stored as JSON. */
  readonly metadata: object;
}

/** Making, changing and deleting waypoints. Both ends of one belong to the same owner. */
@Injectable()
export class WaypointsService {
  private readonly end: PreparedSelect<Memory>;
  private readonly byKey: PreparedSelect<Waypoint>;
  private readonly insert: PreparedInsert<Waypoint>;

  constructor(
    @InjectRepository(Memory) memories: Repository<Memory>,
    @InjectRepository(Waypoint) private readonly waypoints: Repository<Waypoint>,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
  ) {
    this.end = new PreparedSelect(memories, 'm', (query) =>
      query.select(['m.vaultId', 'm.id', 'm.userId']).where('m.id = :id'),
    );
    this.byKey = new PreparedSelect(waypoints, 'w', (query) =>
      query
        .where('w.srcId = :srcId AND w.dstId = :dstId AND w.type = :type')
        .andWhere(endIsSeen(query, 'srcId'))
        .andWhere(endIsSeen(query, 'dstId')),
    );
    this.insert = new PreparedInsert(waypoints);
  }

  /**
   * Makes a waypoint, or gives the one that is there this weight and metadata.
   *
   * @throws ApiError 400 for a memory and itself, 404 for an end that is not there, 403 for one that the user
   *   may only read, 409 DIFFERENT_OWNERS
   */
  async put({ srcId, dstId, type, weight, metadata }: WaypointInput): Promise<{
    waypoint: Waypoint;
    created: boolean;
  }> {
    if (srcId === dstId) throw refuseSelf();
    return this.tenancy.transaction(async () => {
      const userId = await this.ownerOf({ srcId, dstId });
      await this.vaults.ensureWritable();
      const now = Date.now();
      const text = JSON.stringify(metadata);
      const known = await this.byKey.one({ srcId, dstId, type });
      if (known) {
        const change = { weight, metadata: text, updatedAt: now };
        await this.waypoints.update({ srcId, dstId, type }, change);
        return { waypoint: { ...known, ...change }, created: false };
      }
      const { vaultId } = TenantContext.scope();
      const times = { createdAt: now, updatedAt: now };
      const waypoint = { vaultId, srcId, dstId, type, userId, weight, metadata: text, ...times };
      await this.insert.run(waypoint);
      return { waypoint, created: true };
    });
  }

  /** @throws ApiError 404, 403 for one that the user may only read */
  async delete({ srcId, dstId, type }: WaypointKey): Promise<void> {
    await this.tenancy.transaction(async () => {
      const waypoint = await this.byKey.one({ srcId, dstId, type });
      if (!waypoint) throw new ApiError(404, 'NOT_FOUND', 'There is no such waypoint.');
      refuseUnowned([waypoint], 'This waypoint belongs to the vault: a user may read it only.');
      await this.waypoints.delete({ srcId, dstId, type });
    });
  }

  /** The owner of both ends. */
  private async ownerOf({ srcId, dstId }: Omit<WaypointKey, 'type'>): Promise<string> {
    const [src, dst] = [await this.end.one({ id: srcId }), await this.end.one({ id: dstId })];
    if (!src || !dst) throw memoryNotFound([...(src ? [] : ['src_id']), ...(dst ? [] : ['dst_id'])]);
    refuseUnowned([src, dst], 'A memory that belongs to the vault cannot be joined by a user.');
    if (src.userId !== dst.userId) {
      throw new ApiError(409, 'DIFFERENT_OWNERS', 'A waypoint joins memories of one owner.', {
        errors: [{ field: 'dst_id', message: 'belongs to another owner than src_id' }],
      });
    }
    return src.userId;
  }
}

/** 403 where a user would change what belongs to nobody, which the vault shares for reading only. */
function refuseUnowned(rows: readonly { readonly userId: string }[], detail: string): void {
  const { userId } = TenantContext.scope();
  if (userId !== undefined && rows.some((row) => row.userId !== userId)) {
    throw new ApiError(403, 'FORBIDDEN', detail);
  }
}

function refuseSelf(): ApiError {
  return unacceptable([{ field: 'dst_id', message: 'must be another memory than src_id' }]);
}
