import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import type { DataSource, Repository } from 'typeorm';
import { isPostgres } from '../../database/dialect.js';
import { VectorRow } from '../../embeddings/vector.entity.js';
import { MemoryCreator } from '../../memories/memory-creator.js';
import type { Memory } from '../../memories/memory.entity.js';
import { StatsCounter } from '../../stats/stats-counter.js';
import { PreparedInsert } from '../../tenancy/prepared-insert.js';
import { isUserId } from '../../tenancy/scope.js';
import { Tenancy } from '../../tenancy/tenancy.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { UserMarks } from '../../users/user-marks.js';
import { VaultsService } from '../../vaults/vaults.service.js';
import type { ImportCounts } from './import-counts.js';
import { ImportLedger, type ImportTarget, type Settled } from './import-ledger.js';
import { ledgerId, ledgerIdByPlace } from './ledger-row.js';
import { MemoryIds, type Placing } from './memory-ids.js';
import { memoryOf } from './memory-of.js';
import { OtherDrafts } from './other-drafts.js';
import type { MemoryDraft, Outcome, Reference } from './outcome.js';
import { type Known, WaypointDrafts } from './waypoint-drafts.js';
import type { SourceRow } from './source.js';

/** A row, and what its source makes of it. */
export interface Mapped {
  readonly row: SourceRow;
  readonly outcome: Outcome;
  /** As it is to be kept. */
  readonly text: string;
}

type Decision = Pick<Settled, 'status' | 'reason' | 'userId' | 'memoryId' | 'made'>;

/** Writes rows of a source into the vault of the running scope, with all that belongs to them, in one transaction. */
@Injectable()
export class ImportWriter {
  private readonly vectors: PreparedInsert<VectorRow>;
  private readonly onPostgres: boolean;

  constructor(
    @InjectDataSource() dataSource: DataSource,
    @InjectRepository(VectorRow) vectors: Repository<VectorRow>,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
    private readonly creator: MemoryCreator,
    private readonly marks: UserMarks,
    private readonly stats: StatsCounter,
    private readonly ledger: ImportLedger,
    private readonly ids: MemoryIds,
    private readonly waypoints: WaypointDrafts,
    private readonly others: OtherDrafts,
  ) {
    this.vectors = new PreparedInsert(vectors);
    this.onPostgres = isPostgres(dataSource);
  }

  /**
   * Rows that are settled already are passed over, so that it can be called again with the same ones.
   *
   * @param rows in the order of their ordinals
   * @param vaultName what the vault is called, should it not be there yet
   * @returns up to which ordinal all of the vault's rows are settled
   */
  write(target: ImportTarget, rows: readonly Mapped[], vaultName: string): Promise<number> {
    return this.tenancy.transaction(async () => {
      const isNew = (await this.vaults.find()) === null;
      if (isNew) await this.vaults.create(vaultName, false);
      await this.vaults.ensureWritable();
      const { counts, startedAt } = await this.ledger.open(target, isNew);
      const left = rows.filter(({ row }) => row.ordinal > counts.settled);
      if (left.length === 0) return counts.settled;
      // The same each time it is run again.
      await this.writeAll({ ...target, now: startedAt }, left, counts);
      return left[left.length - 1].row.ordinal;
    });
  }

  private async writeAll(target: ImportTarget, rows: readonly Mapped[], counts: ImportCounts): Promise<void> {
    const decisions = new Map<Mapped, Decision>();
    const known = await this.ledgerOf(target, rows);
    const memories = await this.placeMemories(target, rows, decisions);
    const ids = ledgerIds(target.importId, rows, known);
    rows.forEach((one, i) => {
      const decision = decisions.get(one);
      // A row of the same key that came before is the one that is meant.
      if (decision?.memoryId) known.set(ids[i], { id: decision.memoryId, userId: decision.userId });
    });
    await this.storeMemories(memories.map(({ memory }) => memory));
    await this.insertVectors(memories);
    await this.waypoints.link(target.importId, memories, known);
    for (const one of rows) {
      if (!decisions.has(one)) decisions.set(one, await this.decide(target, one, known));
    }
    const settled = rows.map((one, i): Settled => ({
      row: one.row,
      text: one.text,
      ledgerId: ids[i],
      ...decisions.get(one)!,
    }));
    const unowned = memories.filter(({ memory }) => memory.userId === '').length;
    if (counts.madeVault && counts.unowned === 0 && unowned > 0)
      await this.vaults.change({ shareUnowned: true });
    await this.ledger.settle(target, counts, settled, unowned);
  }

  /** What is known of the rows' own places in the ledger, and of those they refer to. */
  private async ledgerOf(
    { importId }: ImportTarget,
    rows: readonly Mapped[],
  ): Promise<Map<string, Known | null>> {
    const wanted = new Set<string>();
    const add = ({ table, key }: Reference) => wanted.add(ledgerId(importId, table, key));
    for (const { row, outcome } of rows) {
      if (row.key !== undefined) add({ table: row.table, key: row.key });
      if (outcome.status !== 'imported') continue;
      const { draft } = outcome;
      if (draft.kind === 'memory') draft.links?.forEach(({ to }) => add(to));
      if (draft.kind === 'waypoint') [...draft.from, ...draft.to].forEach(add);
    }
    const known = new Map<string, Known | null>();
    for (const { id, memoryId, userId } of await this.ledger.entries(wanted)) {
      known.set(id, memoryId === null ? null : { id: memoryId, userId });
    }
    return known;
  }

  private async placeMemories(
    target: ImportTarget,
    rows: readonly Mapped[],
    decisions: Map<Mapped, Decision>,
  ): Promise<{ readonly memory: Memory; readonly draft: MemoryDraft }[]> {
    const placings: (Placing & { one: Mapped })[] = [];
    for (const one of rows) {
      const { row, outcome } = one;
      if (outcome.status !== 'imported' || outcome.draft.kind !== 'memory') continue;
      const { draft } = outcome;
      if (draft.expiresAt === undefined || draft.expiresAt > target.now) placings.push({ row, draft, one });
      else decisions.set(one, refused('kept', 'it has expired', draft.userId));
    }
    const places = await this.ids.place(target, placings);
    return places.flatMap((place, i) => {
      const { one, draft } = placings[i];
      const { outcome } = one;
      if ('known' in place) {
        const [status, reason] = place.isSame
          ? (['kept', 'the same row is there already'] as const)
          : (['quarantined', 'a row with its id and another content is there already'] as const);
        decisions.set(one, { status, reason, userId: place.userId, memoryId: place.known });
        return [];
      }
      const note = outcome.status === 'imported' ? outcome.note : undefined;
      decisions.set(one, { status: 'imported', reason: note, userId: draft.userId, memoryId: place.id });
      return [{ memory: memoryOf(draft, place.id, target.now, this.onPostgres), draft }];
    });
  }

  /** With their places in the index, and the waypoints that the service makes itself. */
  private async storeMemories(memories: readonly Memory[]): Promise<void> {
    if (memories.length === 0) return;
    await this.creator.store(memories);
    const counts = new Map<string, number>();
    for (const { userId } of memories) counts.set(userId, (counts.get(userId) ?? 0) + 1);
    for (const [userId, n] of counts) await this.stats.count('import', userId, n);
    await this.marks.touched(counts.keys());
  }

  private async insertVectors(
    memories: readonly { readonly memory: Memory; readonly draft: MemoryDraft }[],
  ): Promise<void> {
    const { vaultId } = TenantContext.scope();
    const vectors = memories.flatMap(({ memory, draft }): VectorRow[] => {
      if (!draft.vector) return [];
      const { model, v } = draft.vector;
      const { id: memoryId, userId, primarySector: sector } = memory;
      return [{ vaultId, memoryId, sector, model, userId, dim: v.length / 4, v }];
    });
    await this.vectors.runMany(vectors);
  }

  /** Of rows that are no memories. */
  private async decide(
    { importId, now }: ImportTarget,
    { outcome }: Mapped,
    known: ReadonlyMap<string, Known | null>,
  ): Promise<Decision> {
    if (outcome.status !== 'imported') return refused(outcome.status, outcome.reason, outcome.userId);
    const { draft, note } = outcome;
    if (draft.kind === 'memory') throw new Error('Memories are placed before');
    const written =
      draft.kind === 'waypoint'
        ? await this.waypoints.write(importId, draft, known, now)
        : await this.others.write(importId, draft, now, this.onPostgres);
    if ('reason' in written) return refused(written.status, written.reason, written.userId);
    return { status: 'imported', reason: note, userId: written.userId, memoryId: null, made: written.made };
  }
}

function refused(status: 'kept' | 'quarantined', reason: string, userId = ''): Decision {
  // What cannot name a user is nobody's.
  return { status, reason, userId: isUserId(userId) ? userId : '', memoryId: null };
}

/** The rows' ids in the ledger: by their keys, or where the key is taken by their places. */
function ledgerIds(
  importId: string,
  rows: readonly Mapped[],
  known: ReadonlyMap<string, Known | null>,
): string[] {
  const here = new Set<string>();
  return rows.map(({ row }) => {
    const id = row.key === undefined ? undefined : ledgerId(importId, row.table, row.key);
    if (id === undefined || known.has(id) || here.has(id)) return ledgerIdByPlace(importId, row);
    here.add(id);
    return id;
  });
}
