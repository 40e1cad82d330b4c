import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Between, In, type Repository } from 'typeorm';
import { Collection } from '../../collections/collection.entity.js';
import { Fact } from '../../facts/fact.entity.js';
import { Memory } from '../../memories/memory.entity.js';
import { MemoryRemover } from '../../memories/memory-remover.js';
import { ScopeRow } from '../../recall/scope.entity.js';
import { Stat } from '../../stats/stat.entity.js';
import { Tenancy } from '../../tenancy/tenancy.js';
import { User } from '../../users/user.entity.js';
import { Waypoint } from '../../waypoints/waypoint.entity.js';
import { ImportLedger } from './import-ledger.js';
import { inVault } from './import-run.js';
import { inLists } from './in-lists.js';
import { ledgerRange, readData } from './ledger-row.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { whileBusy } from '../while-busy.js';
import type { ImportRun } from '../import.entity.js';
import type { LegacyRow } from '../legacy-row.entity.js';

/** What an undoing has taken away. */
export interface UndoReport {
  readonly memories: number;
  /** Of these, how many had been changed since they were imported. */
  readonly changed: number;
  /** Other rows that the import had made. */
  readonly others: number;
}

/** Users looked at in one go. */
const PAGE = 200;

/** Takes away what an import has brought. It can be stopped at any point: run again, it goes on. */
@Injectable()
export class ImportUndo {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    @InjectRepository(Waypoint) private readonly waypoints: Repository<Waypoint>,
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectRepository(ScopeRow) private readonly scopes: Repository<ScopeRow>,
    @InjectRepository(Collection) private readonly collections: Repository<Collection>,
    @InjectRepository(Fact) private readonly facts: Repository<Fact>,
    @InjectRepository(Stat) private readonly stats: Repository<Stat>,
    private readonly ledger: ImportLedger,
    private readonly remover: MemoryRemover,
    private readonly tenancy: Tenancy,
  ) {}

  /**
   * @param progress gets how many rows of the source were dealt with
   * @returns undefined where the vault has no such import
   * @throws MigrationRefusedError where a later import found rows of this one there, and so did without its own
   */
  undo(
    vaultId: string,
    importId: string,
    progress?: (rows: number) => void,
  ): Promise<UndoReport | undefined> {
    return inVault(vaultId, async () => {
      const run = await this.ledger.find(importId);
      if (!run) return undefined;
      await this.refuseNeeded(run);
      const report = { memories: 0, changed: 0, others: 0 };
      await whileBusy(() => this.tenancy.transaction(() => this.ledger.setState(importId, 'undoing', null)));
      // Collections go last: their memories may be in rows to come.
      for (const isLast of [false, true]) {
        for (let after: string | undefined; ;) {
          const done = await whileBusy(() =>
            this.tenancy.transaction(() => this.undoSome(run, isLast, after)),
          );
          report.memories += done.memories;
          report.changed += done.changed;
          report.others += done.others;
          progress?.(done.rows);
          await nextTurn();
          after = done.after;
          if (after === undefined) break;
        }
      }
      report.others += await this.removeUsers(run.startedAt, run.finishedAt ?? Date.now());
      await whileBusy(() => this.tenancy.transaction(() => this.ledger.removeImport(importId)));
      return report;
    });
  }

  private async refuseNeeded({ id: importId, source }: ImportRun): Promise<void> {
    const others = (await this.ledger.list()).filter((one) => one.source === source && one.id !== importId);
    for (let after: string | undefined; others.length > 0;) {
      const page = await this.ledger.page(importId, after);
      const memoryIds = page.flatMap(({ memoryId, reason }) =>
        memoryId !== null && reason.startsWith('imported') ? [memoryId] : [],
      );
      for (const { id } of await this.ledger.entriesOfMemories(memoryIds)) {
        const needing = others.find((one) => id.startsWith(ledgerRange(one.id)[0]));
        if (needing) {
          throw new MigrationRefusedError(
            `The import ${needing.id} has rows that this one had brought before it: undo that one first.`,
          );
        }
      }
      after = page.at(-1)?.id;
      if (after === undefined) return;
      await nextTurn();
    }
  }

  /** @param isLast whether the rows that made collections are dealt with too */
  private async undoSome({ id: importId, startedAt }: ImportRun, isLast: boolean, after: string | undefined) {
    const page = await this.ledger.page(importId, after);
    const rows = isLast ? page : page.filter((row) => !madeCollection(row));
    const imported = rows.filter(({ reason }) => reason.startsWith('imported'));
    const found = await inLists(
      imported.flatMap(({ memoryId }) => (memoryId === null ? [] : [memoryId])),
      (ids) => this.memories.find({ where: { id: In(ids) } }),
    );
    let others = 0;
    for (const row of imported) if (row.memoryId === null) others += await this.removeMade(row);
    await this.remover.remove(found, 'delete');
    await this.ledger.remove(rows);
    // Those that were not have the times they came with.
    const changed = found.filter(({ updatedAt }) => updatedAt > startedAt).length;
    return { rows: rows.length, memories: found.length, changed, others, after: page.at(-1)?.id };
  }

  /** @returns how many rows it was */
  private async removeMade({ data }: LegacyRow): Promise<number> {
    let removed = 0;
    for (const [table, ...key] of readData(data).head.made ?? []) {
      removed += (await this.removeRow(table, key)) ?? 0;
    }
    return removed;
  }

  private async removeRow(table: string, key: readonly string[]): Promise<number | null | undefined> {
    const [first, second, third, fourth] = key;
    switch (table) {
      case 'waypoints':
        return (await this.waypoints.delete({ srcId: first, dstId: second, type: third })).affected;
      case 'collections':
        if (await this.memories.existsBy({ collection: first })) return 0;
        return (await this.collections.delete({ name: first })).affected;
      case 'facts':
        return (await this.facts.delete({ id: first })).affected;
      case 'stats':
        return (await this.stats.delete({ userId: first, type: second, ts: Number(third), dims: fourth }))
          .affected;
      default:
        // Users go last: their memories may be in rows to come.
        return 0;
    }
  }

  /** Users who came with it, and of whom nothing is left. */
  private async removeUsers(from: number, to: number): Promise<number> {
    let removed = 0;
    for (let more = true, after: string | undefined; more;) {
      const query = this.users
        .createQueryBuilder('u')
        .where({ updatedAt: Between(from, to), summaryManual: false });
      if (after !== undefined) query.andWhere('u.userId > :after', { after });
      const page = await query.orderBy('u.userId', 'ASC').limit(PAGE).getMany();
      for (const { userId } of page) {
        removed += await whileBusy(() => this.tenancy.transaction(() => this.removeUser(userId)));
      }
      after = page.at(-1)?.userId;
      more = page.length === PAGE;
    }
    return removed;
  }

  private async removeUser(userId: string): Promise<number> {
    const scope = await this.scopes.findOneBy({ userId });
    if ((scope?.memoryCount ?? 0) > 0 || (await this.memories.existsBy({ userId }))) return 0;
    return (await this.users.delete({ userId })).affected ?? 0;
  }
}

function madeCollection({ memoryId, data }: LegacyRow): boolean {
  return memoryId === null && (readData(data).head.made ?? []).some(([table]) => table === 'collections');
}
