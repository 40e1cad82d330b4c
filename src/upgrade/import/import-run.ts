import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Flags } from '../../rollout/flags.service.js';
import { makeScope } from '../../tenancy/scope.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { Tenancy } from '../../tenancy/tenancy.js';
import { VaultsService } from '../../vaults/vaults.service.js';
import { whileBusy } from '../while-busy.js';
import { type ImportCounts, addHashes, rowsIn, totalOf } from './import-counts.js';
import { ImportLedger, type ImportTarget } from './import-ledger.js';
import { ImportWriter, type Mapped } from './import-writer.js';
import { readData, shaOf } from './ledger-row.js';
import type { ImportSource } from './source.js';
import type { VaultPlan } from './vault-plan.js';

/**
 * Rows of one transaction, and bytes of them after which it takes no more, so that others get their turn: they wait for
 * less than half a second. With fewer, the blocks of the index would be written more often.
 */
const CHUNK_ROWS = 1_000;
const CHUNK_BYTES = 1024 * 1024;

export interface ImportOptions {
  readonly vaults: VaultPlan;
  /** Rows of one transaction. */
  readonly rowsAtOnce?: number;
  /** Gets how much of the source is done. */
  readonly progress?: (done: number) => void;
}

/** What an import has come to in one vault. */
export interface VaultReport {
  readonly vaultId: string;
  readonly counts: ImportCounts;
  /** How many rows were settled now, and not by a run before. */
  readonly fresh: number;
  /** What does not add up; empty when all does. */
  readonly problems: readonly string[];
}

export interface ImportReport {
  readonly importId: string;
  /** By vault, in the order in which rows came into them. */
  readonly vaults: readonly VaultReport[];
}

/** A vault that cannot be written to. */
export class ClosedVaultError extends Error {}

/** Takes a source's rows over, batch by batch. It can be stopped at any point: run again, it goes on. */
@Injectable()
export class ImportRunner {
  constructor(
    private readonly writer: ImportWriter,
    private readonly ledger: ImportLedger,
    private readonly vaults: VaultsService,
    private readonly tenancy: Tenancy,
    private readonly flags: Flags,
  ) {}

  async run(source: ImportSource, options: ImportOptions): Promise<ImportReport> {
    const { rowsAtOnce = CHUNK_ROWS } = options;
    const target = targetOf(source, options);
    const settled = new Map<string, number>();
    const before = new Map<string, number>();
    let batch: Mapped[] = [];
    let bytes = 0;
    const flush = async (at: number) => {
      const byVault = new Map<string, Mapped[]>();
      for (const one of batch) {
        const vault = options.vaults.of(one.row.vault).id;
        const list = byVault.get(vault);
        if (list) list.push(one);
        else byVault.set(vault, [one]);
      }
      for (const [vaultId, rows] of byVault) {
        if (!before.has(vaultId)) before.set(vaultId, await this.settledRows(vaultId, target));
        const name = options.vaults.of(rows[0].row.vault).name;
        settled.set(vaultId, await this.write(vaultId, target, rows, name));
      }
      batch = [];
      bytes = 0;
      options.progress?.(at);
      await nextTurn();
    };
    let at = 0;
    for await (const row of source.rows()) {
      at = row.at;
      const vault = options.vaults.of(row.vault).id;
      if (row.ordinal <= (settled.get(vault) ?? 0)) continue;
      const text = source.keptText(row);
      batch.push({ row, outcome: source.outcomeOf(row), text });
      bytes += text.length;
      if (batch.length >= rowsAtOnce || bytes >= CHUNK_BYTES) await flush(at);
    }
    await flush(at);
    const vaults: VaultReport[] = [];
    for (const [vaultId, rows] of before) vaults.push(await this.finish(vaultId, target, rows));
    return { importId: target.importId, vaults };
  }

  private settledRows(vaultId: string, { importId }: ImportTarget): Promise<number> {
    return inVault(vaultId, async () => {
      const run = await this.ledger.find(importId);
      if (!run) return 0;
      if (run.state === 'undoing') throw new ClosedVaultError(`The import ${importId} is being undone.`);
      return rowsOf(JSON.parse(run.counts) as ImportCounts);
    });
  }

  private write(
    vaultId: string,
    target: ImportTarget,
    rows: readonly Mapped[],
    name: string,
  ): Promise<number> {
    return whileBusy(() =>
      inVault(vaultId, async () => {
        const vault = await this.vaults.find();
        if (vault && vault.status !== 'active') {
          throw new ClosedVaultError(
            `The vault ${vaultId} is ${vault.status}: nothing can be written to it.`,
          );
        }
        // Asked for here, since nobody may be waited for in a unit of work.
        await this.flags.load(vaultId);
        return this.writer.write(target, rows, name);
      }),
    );
  }

  /** Checks that every row is in the ledger, and as it was read. */
  private async finish(vaultId: string, { importId }: ImportTarget, before: number): Promise<VaultReport> {
    return inVault(vaultId, async () => {
      const run = (await this.ledger.find(importId))!;
      const counts = JSON.parse(run.counts) as ImportCounts;
      const fresh = rowsOf(counts) - before;
      if (run.finishedAt !== null && fresh === 0) {
        await this.tenancy.transaction(() => this.ledger.setState(importId, 'done', run.finishedAt));
        return { vaultId, counts, fresh, problems: [] };
      }
      const problems = await this.check(importId, counts);
      const isDone = problems.length === 0;
      await whileBusy(() =>
        this.tenancy.transaction(() =>
          this.ledger.setState(importId, isDone ? 'done' : 'doubtful', isDone ? Date.now() : null),
        ),
      );
      return { vaultId, counts, fresh, problems };
    });
  }

  private async check(importId: string, counts: ImportCounts): Promise<string[]> {
    const problems: string[] = [];
    let rows = 0;
    let sum = '';
    for (let after: string | undefined; ;) {
      const page = await this.ledger.page(importId, after);
      const hashes: string[] = [];
      for (const { id, sourceTable, data } of page) {
        const { head, text } = readData(data);
        const sha256 = shaOf(sourceTable.slice(sourceTable.indexOf('/') + 1), text);
        if (!head.secrets && head.sha256 !== sha256) problems.push(`The row ${id} is not what was read.`);
        hashes.push(sha256);
      }
      rows += page.length;
      sum = addHashes(sum, hashes);
      after = page.at(-1)?.id;
      if (after === undefined) break;
      await nextTurn();
    }
    if (rows !== rowsOf(counts)) {
      problems.push(`${rowsOf(counts)} rows were read, and ${rows} are kept: some were deleted meanwhile.`);
    } else if (rows > 0 && sum !== counts.sum)
      problems.push('The rows that are kept are not those that were read.');
    return problems.slice(0, 10);
  }
}

/** @returns an id that the same rows have for the same vault, each time they come */
function targetOf(source: ImportSource, { vaults }: ImportOptions): ImportTarget {
  const { system, name, fingerprint } = source;
  const hash = createHash('sha256')
    .update(JSON.stringify([system, fingerprint, vaults.key]))
    .digest('hex');
  return { importId: `${system}-${hash.slice(0, 16)}`, system, name, fingerprint, now: Date.now() };
}

function rowsOf({ tables }: ImportCounts): number {
  return rowsIn(totalOf(tables));
}

/** Runs `work` for the whole of a vault, expired rows included: their ids are taken. */
export function inVault<T>(vaultId: string, work: () => Promise<T>): Promise<T> {
  return TenantContext.run(makeScope({ vaultId, permissions: [], includeExpired: true }), work);
}
