import {
  type Counts,
  type ImportCounts,
  addTables,
  rowsIn,
  totalOf,
} from '../upgrade/import/import-counts.js';
import type { ImportReport } from '../upgrade/import/import-run.js';

/** What an import came to, a line each. */
export function describeImport({ importId, vaults }: ImportReport): string[] {
  const lines = [`[IMPORT] Import ${importId}`];
  for (const { vaultId, counts, fresh, problems } of vaults) {
    const { tables, reasons, madeVault, unowned } = counts;
    lines.push(
      `[IMPORT] Vault ${vaultId}: ${count(fresh, 'row')} now${madeVault ? ', made by this import' : ''}`,
    );
    for (const [table, some] of Object.entries(tables))
      lines.push(`[IMPORT]   ${table}: ${describeCounts(some)}`);
    for (const [reason, n] of Object.entries(reasons)) lines.push(`[IMPORT]     ${n}: ${reason}`);
    if (madeVault && unowned > 0) {
      lines.push(
        `[IMPORT]   ${count(unowned, 'memory', 'memories')} of nobody: every user of the vault sees them`,
      );
    }
    for (const problem of problems) lines.push(`[ERROR] Vault ${vaultId}: ${problem}`);
  }
  return lines;
}

/** What all of it came to, in a sentence. */
export function summaryOf({ vaults }: ImportReport): string {
  if (vaults.length === 0) return 'There are no rows in it.';
  const fresh = vaults.reduce((sum, one) => sum + one.fresh, 0);
  const tables = vaults.reduce((all, { counts }) => addTables(all, counts.tables), {});
  const all = describeCounts(totalOf(tables));
  return fresh === 0 ? `Nothing is new: it was imported before (${all}).` : `${all}.`;
}

/** An import in a list. @param startedAt ms since 1970 */
export function describeRun(
  run: { readonly id: string; readonly state: string; readonly counts: string; readonly startedAt: number },
  vaultId: string,
): string {
  const { name, tables } = JSON.parse(run.counts) as ImportCounts;
  const at = new Date(run.startedAt).toISOString();
  return `${run.id}  ${run.state.padEnd(8)}  ${at}  vault ${vaultId}  ${name}: ${describeCounts(totalOf(tables))}`;
}

function describeCounts(counts: Counts): string {
  const { imported, kept, quarantined } = counts;
  return `${count(rowsIn(counts), 'row')}, ${imported} imported, ${kept} kept, ${quarantined} quarantined`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
