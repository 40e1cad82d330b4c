import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { PreparedInsert } from '../../tenancy/prepared-insert.js';
import { PreparedSelect } from '../../tenancy/prepared-statements.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { ImportRun } from '../import.entity.js';
import { LegacyRow } from '../legacy-row.entity.js';
import {
  type Counts,
  type ImportCounts,
  NO_ROWS,
  addHashes,
  addNumbers,
  addTables,
} from './import-counts.js';
import { inLists } from './in-lists.js';
import { type LedgerHead, ledgerRange, shaOf, sourceTable, writeData } from './ledger-row.js';
import type { Status } from './outcome.js';
import type { SourceRow } from './source.js';

/** An import into one vault. */
export interface ImportTarget {
  readonly importId: string;
  readonly system: string;
  readonly name: string;
  readonly fingerprint: string;
  /** ms since 1970 */
  readonly now: number;
}

/** A row, and what has become of it. */
export interface Settled {
  readonly row: SourceRow;
  readonly ledgerId: string;
  /** As it is kept, where parts of it are secret. */
  readonly text: string;
  readonly status: Status;
  /** Why it was kept or quarantined, or what is to be said of it. */
  readonly reason?: string;
  readonly userId: string;
  readonly memoryId: string | null;
  readonly made?: LedgerHead['made'];
}

/** A row of `legacy_rows` that speaks of a memory. */
export type LedgerEntry = Pick<LegacyRow, 'id' | 'memoryId' | 'userId' | 'sourceTable'>;

/** Different reasons that are counted each by itself. */
const MAX_REASONS = 50;
const PAGE = 500;

/** Keeps the books: which import has come how far, and every row of its source once. For scopes of a whole vault. */
@Injectable()
export class ImportLedger {
  private readonly byIds: PreparedSelect<LegacyRow>;
  private readonly byMemories: PreparedSelect<LegacyRow>;
  private readonly insert: PreparedInsert<LegacyRow>;

  constructor(
    @InjectRepository(ImportRun) private readonly imports: Repository<ImportRun>,
    @InjectRepository(LegacyRow) private readonly legacy: Repository<LegacyRow>,
  ) {
    const columns = ['l.vaultId', 'l.id', 'l.memoryId', 'l.userId', 'l.sourceTable'];
    this.byIds = new PreparedSelect(legacy, 'l', (query) => query.select(columns).where('l.id IN (:...ids)'));
    this.byMemories = new PreparedSelect(legacy, 'l', (query) =>
      query.where('l.memoryId IN (:...memoryIds)').orderBy('l.createdAt', 'ASC'),
    );
    this.insert = new PreparedInsert(legacy);
  }

  /** To be called first in a unit of work that imports: others that import the same wait until it has ended. */
  async open(
    { importId, system, name, fingerprint, now }: ImportTarget,
    madeVault: boolean,
  ): Promise<{ readonly counts: ImportCounts; readonly startedAt: number }> {
    // An update holds the row on PostgreSQL; of SQLite's there is but one writer at a time.
    const { affected } = await this.imports.update({ id: importId }, { state: 'running' });
    const known = affected ? await this.imports.findOneBy({ id: importId }) : null;
    if (known) return { counts: JSON.parse(known.counts) as ImportCounts, startedAt: known.startedAt };
    const counts: ImportCounts = {
      ...{ name, fingerprint, settled: 0, tables: {}, reasons: {}, sum: '', madeVault, unowned: 0 },
    };
    await this.imports.insert({
      id: importId,
      source: system,
      state: 'running',
      counts: JSON.stringify(counts),
      startedAt: now,
      finishedAt: null,
    });
    return { counts, startedAt: now };
  }

  find(importId: string): Promise<ImportRun | null> {
    return this.imports.findOneBy({ id: importId });
  }

  /** All imports of the vault but the adoption of a database, the newest first. */
  async list(): Promise<ImportRun[]> {
    const all = await this.imports.find({ order: { startedAt: 'DESC', id: 'ASC' } });
    return all.filter(({ id }) => id !== 'adoption');
  }

  async setState(importId: string, state: string, finishedAt: number | null): Promise<void> {
    await this.imports.update({ id: importId }, { state, finishedAt });
  }

  /** Rows by the ids that the ledger has them under. */
  entries(ids: Iterable<string>): Promise<LedgerEntry[]> {
    return inLists(ids, (some) => this.byIds.all({ ids: some }));
  }

  /** Rows that became these memories, or would have. The oldest first. */
  entriesOfMemories(memoryIds: Iterable<string>): Promise<LegacyRow[]> {
    return inLists(memoryIds, (some) => this.byMemories.all({ memoryIds: some }));
  }

  /** Writes down what has become of rows, the last of which has the highest ordinal. */
  async settle(
    { importId, system, now }: ImportTarget,
    before: ImportCounts,
    settled: readonly Settled[],
    unowned: number,
  ): Promise<void> {
    const { vaultId } = TenantContext.scope();
    const tables: Record<string, Counts> = {};
    const reasons: Record<string, number> = {};
    const hashes: string[] = [];
    const rows = settled.map(({ row, ledgerId, text, status, reason, userId, memoryId, made }): LegacyRow => {
      (tables[row.table] ??= { ...NO_ROWS })[status] += 1;
      if (reason !== undefined) reasons[reason] = (reasons[reason] ?? 0) + 1;
      const hasSecrets = text !== row.text;
      const sha256 = shaOf(row.table, row.text);
      hashes.push(hasSecrets ? shaOf(row.table, text) : sha256);
      const head: LedgerHead = {
        ...{ import: importId, ordinal: row.ordinal, key: row.key, status, sha256 },
        ...(hasSecrets && { secrets: 'dropped' }),
        ...(made && made.length > 0 && { made }),
      };
      return {
        ...{
          vaultId,
          id: ledgerId,
          sourceTable: sourceTable(system, row.table),
          createdAt: now,
          userId,
          memoryId,
        },
        reason: reason === undefined ? status : `${status}: ${reason}`,
        data: writeData(head, text),
      };
    });
    await this.insert.runMany(rows);
    const counts: ImportCounts = {
      ...before,
      settled: settled[settled.length - 1].row.ordinal,
      tables: addTables(before.tables, tables),
      reasons: bounded(addNumbers(before.reasons, reasons)),
      sum: addHashes(before.sum, hashes),
      unowned: before.unowned + unowned,
    };
    await this.imports.update({ id: importId }, { counts: JSON.stringify(counts) });
  }

  /** The rows of an import, some at a time. @param after the last id of those before */
  page(importId: string, after?: string): Promise<LegacyRow[]> {
    const [first, end] = ledgerRange(importId);
    return this.legacy
      .createQueryBuilder('l')
      .where('l.id > :after AND l.id < :end', { after: after ?? first, end })
      .orderBy('l.id', 'ASC')
      .limit(PAGE)
      .getMany();
  }

  async remove(rows: readonly LegacyRow[]): Promise<void> {
    await inLists(
      rows.map(({ id }) => id),
      async (ids) => {
        await this.legacy.createQueryBuilder().delete().where('id IN (:...ids)', { ids }).execute();
        return [];
      },
    );
  }

  async removeImport(importId: string): Promise<void> {
    await this.imports.delete({ id: importId });
  }
}

function bounded(reasons: Record<string, number>): Record<string, number> {
  const entries = Object.entries(reasons);
  if (entries.length <= MAX_REASONS) return reasons;
  const others = entries.slice(MAX_REASONS - 1).reduce((sum, [, n]) => sum + n, 0);
  return { ...Object.fromEntries(entries.slice(0, MAX_REASONS - 1)), 'other reasons': others };
}
