import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import type { Memory } from '../../memories/memory.entity.js';
import { PreparedInsert } from '../../tenancy/prepared-insert.js';
import { PreparedSelect } from '../../tenancy/prepared-statements.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { Waypoint } from '../../waypoints/waypoint.entity.js';
import { nameOf } from './field-values.js';
import { ledgerId } from './ledger-row.js';
import type { MemoryDraft, Reference, WaypointDraft } from './outcome.js';
import type { Written } from './other-drafts.js';

/** A memory that a row of the source became. */
export interface Known {
  readonly id: string;
  readonly userId: string;
}

/** By ids of the ledger; null for rows that are no memories. */
type KnownRows = ReadonlyMap<string, Known | null>;

/** Makes waypoints of what a source says of how its rows belong together. */
@Injectable()
export class WaypointDrafts {
  private readonly byKey: PreparedSelect<Waypoint>;
  private readonly insert: PreparedInsert<Waypoint>;

  constructor(@InjectRepository(Waypoint) waypoints: Repository<Waypoint>) {
    this.byKey = new PreparedSelect(waypoints, 'w', (query) =>
      query.where('w.srcId = :srcId AND w.dstId = :dstId AND w.type = :type').limit(1),
    );
    this.insert = new PreparedInsert(waypoints);
  }

  /** Joins new memories to those they name, where these are there and have the same owner. */
  async link(
    importId: string,
    memories: readonly { readonly memory: Memory; readonly draft: MemoryDraft }[],
    known: KnownRows,
  ): Promise<void> {
    const waypoints = new Map<string, Waypoint>();
    for (const { memory, draft } of memories) {
      for (const { to, type, isReversed = false } of draft.links ?? []) {
        const end = known.get(ledgerId(importId, to.table, to.key));
        if (!end || end.userId !== memory.userId || end.id === memory.id) continue;
        const { createdAt } = memory;
        const [first, last] = isReversed ? [end, memory] : [memory, end];
        waypoints.set(
          JSON.stringify([first.id, last.id, type]),
          waypoint(first, last, { type, weight: 1, metadata: '{}', createdAt }),
        );
      }
    }
    // The new memories' own waypoints: nobody else can have made them.
    await this.insert.runMany([...waypoints.values()]);
  }

  async write(importId: string, draft: WaypointDraft, known: KnownRows, now: number): Promise<Written> {
    const find = (ends: readonly Reference[]) =>
      ends.map(({ table, key }) => known.get(ledgerId(importId, table, key))).find((end) => end);
    const [from, to] = [find(draft.from), find(draft.to)];
    const userId = from?.userId ?? to?.userId;
    const quarantine = (reason: string): Written => ({ status: 'quarantined', reason, userId });
    if (!from || !to) return quarantine(draft.missing ?? 'a memory at one of its ends is missing');
    if (from.id === to.id) return quarantine('it leads from a memory to itself');
    if (from.userId !== to.userId) return quarantine('its ends belong to two owners');
    if (nameOf(draft.type) === undefined) return quarantine('its type is no name');
    if (await this.byKey.one({ srcId: from.id, dstId: to.id, type: draft.type })) {
      return { status: 'kept', reason: 'there is such a waypoint already', userId };
    }
    await this.insert.run(waypoint(from, to, { ...draft, createdAt: draft.createdAt ?? now }));
    return { userId: from.userId, made: [['waypoints', from.id, to.id, draft.type]] };
  }
}

function waypoint(
  from: Known,
  to: Known,
  { type, weight, metadata, createdAt }: Pick<Waypoint, 'type' | 'weight' | 'metadata' | 'createdAt'>,
): Waypoint {
  const { vaultId } = TenantContext.scope();
  const times = { createdAt, updatedAt: createdAt };
  return { vaultId, srcId: from.id, dstId: to.id, type, userId: from.userId, weight, metadata, ...times };
}
