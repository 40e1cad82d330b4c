import type { ReindexReport } from '../upgrade/reindex-database.js';

/** What was done, in a sentence. */
export function describeReindex({ memories, vaults }: ReindexReport): string {
  if (memories === 0) return 'The recall index is up to date.';
  return `${count(memories, 'memory', 'memories')} in ${count(vaults, 'vault', 'vaults')} indexed.`;
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
