import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Repository } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import type { Allowance } from './allowance.js';
import { effectiveWeight } from './edge-cost.js';
import { compareBytes } from './id-order.js';
import { padded } from '../tenancy/padded-list.js';
import { endIsSeen } from './seen-ends.js';
import type { Direction } from './waypoint.dto.js';
import { Waypoint } from './waypoint.entity.js';

/** What a walk needs to know of a waypoint. */
export interface Edge {
  readonly srcId: string;
  readonly dstId: string;
  readonly type: string;
  /** 0 to 1. */
  readonly weight: number;
}

/** A waypoint on the way from one memory to another, walked along or against it. */
export interface Step {
  readonly from: string;
  readonly to: string;
  readonly edge: Edge;
}

/** Which waypoints are walked. */
export interface WalkOptions {
  readonly direction: Direction;
  readonly type: string | undefined;
  readonly minWeight: number | undefined;
}

/** The direction in which one comes back. */
export const OPPOSITE = { out: 'in', in: 'out', both: 'both' } as const;

type Side = 'out' | 'in';

/**
 * Whether only steps are wanted to what the scope sees, or any: to look each end up costs more than all the rest, and
 * a walk that asks later, `seen`, need not ask about those from which it goes no further.
 */
export type Ends = 'seen' | 'any';

/** Memories whose waypoints are read by one statement. */
const MEMORIES_A_STATEMENT = 64;
const ROWS_A_STATEMENT = 1_000;
/** Waypoints read at once before other requests get their turn: to let them costs as much as a few rows. */
const ROWS_A_TURN = 100;

/** Reads the waypoints around many memories at once. For one snapshot. */
@Injectable()
export class EdgeReader {
  private readonly statements = new Map<string, PreparedSelect<Waypoint>>();
  private readonly seenOf: PreparedSelect<Memory>;

  constructor(
    @InjectRepository(Waypoint) private readonly waypoints: Repository<Waypoint>,
    @InjectRepository(Memory) memories: Repository<Memory>,
  ) {
    this.seenOf = new PreparedSelect(memories, 'm', (query) =>
      query.select(['m.vaultId', 'm.id']).where('m.id IN (:...ids)'),
    );
  }

  /**
   * @param ids memories that the scope sees
   * @returns the steps that can be taken from them, or as many of those as are allowed
   */
  async stepsFrom(
    ids: readonly string[],
    options: WalkOptions,
    allowance: Allowance,
    ends: Ends = 'seen',
  ): Promise<Step[]> {
    const sorted = [...ids].sort(compareBytes);
    const steps: Step[] = [];
    for (let at = 0; at < sorted.length; at += MEMORIES_A_STATEMENT) {
      const some = sorted.slice(at, at + MEMORIES_A_STATEMENT);
      for (const side of ['out', 'in'] as const) {
        if (options.direction !== 'both' && options.direction !== side) continue;
        if (!(await this.read(some, { side, ends }, options, allowance, steps))) return steps;
      }
      // SQLite answers at once: without this, a long walk would keep every other request waiting.
      if (steps.length >= ROWS_A_TURN || at > 0) await nextTurn();
    }
    return steps;
  }

  /** Those of them that the scope sees. */
  async seen(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const seen = new Set<string>();
    for (let at = 0; at < ids.length; at += MEMORIES_A_STATEMENT) {
      const some = padded(ids.slice(at, at + MEMORIES_A_STATEMENT));
      for (const { id } of await this.seenOf.all({ ids: some })) seen.add(id);
      if (at > 0) await nextTurn();
    }
    return seen;
  }

  /** @returns false when the allowance is spent */
  private async read(
    ids: readonly string[],
    { side, ends }: { readonly side: Side; readonly ends: Ends },
    { type, minWeight }: WalkOptions,
    allowance: Allowance,
    steps: Step[],
  ): Promise<boolean> {
    let last: Waypoint | undefined;
    for (;;) {
      const statement = this.statement(side, ends, type !== undefined, last !== undefined);
      const near = last && nearEnd(last, side);
      const left = near === undefined ? ids : ids.filter((id) => compareBytes(id, near) >= 0);
      const rows = await statement.all({
        ids: padded(left),
        leastWeight: minWeight || -Infinity,
        ...(type !== undefined && { type }),
        ...(last && { lastNear: nearEnd(last, side), lastFar: farEnd(last, side), lastType: last.type }),
      });
      for (const row of rows) {
        steps.push({ from: nearEnd(row, side), to: farEnd(row, side), edge: edgeOf(row) });
      }
      if (!allowance.waypoints(rows.length)) return false;
      if (rows.length < ROWS_A_STATEMENT) return true;
      last = rows[rows.length - 1];
      await nextTurn();
    }
  }

  private statement(side: Side, ends: Ends, typed: boolean, continued: boolean): PreparedSelect<Waypoint> {
    const key = `${side}/${ends}/${typed}/${continued}`;
    let statement = this.statements.get(key);
    if (!statement) {
      const [near, far, end] =
        side === 'out'
          ? (['w.srcId', 'w.dstId', 'dstId'] as const)
          : (['w.dstId', 'w.srcId', 'srcId'] as const);
      statement = new PreparedSelect(this.waypoints, 'w', (query) => {
        // Without the metadata, which may be large.
        query.select(['w.srcId', 'w.dstId', 'w.type', 'w.weight']);
        query.where(`${near} IN (:...ids) AND w.weight >= :leastWeight`);
        if (ends === 'seen') query.andWhere(endIsSeen(query, end));
        if (typed) query.andWhere('w.type = :type');
        if (continued) query.andWhere(`(${near}, ${far}, w.type) > (:lastNear, :lastFar, :lastType)`);
        return query.orderBy(near).addOrderBy(far).addOrderBy('w.type').limit(ROWS_A_STATEMENT);
      });
      this.statements.set(key, statement);
    }
    return statement;
  }
}

function nearEnd({ srcId, dstId }: Waypoint, side: Side): string {
  return side === 'out' ? srcId : dstId;
}

function farEnd({ srcId, dstId }: Waypoint, side: Side): string {
  return side === 'out' ? dstId : srcId;
}

function edgeOf({ srcId, dstId, type, weight }: Waypoint): Edge {
  return { srcId, dstId, type, weight: effectiveWeight(weight) };
}
