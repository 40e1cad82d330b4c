import { setTimeout as sleep } from 'node:timers/promises';
import { dataSourceOptions } from '../database/data-source.js';
import { Memory } from '../memories/memory.entity.js';
import { IndexRebuild } from '../recall/index-rebuild.js';
import { Reindexer } from '../recall/reindexer.js';
import { RowEncoder } from '../recall/row-encoder.js';
import { ScopeRow } from '../recall/scope.entity.js';
import { TermBlock } from '../recall/term-block.entity.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantDataSource } from '../tenancy/tenant-data-source.js';
import { type AnyDatabase, allVaults, checkVault, countPositions } from './all-vaults.js';
import { checkSchema } from './current-schema.js';
import { whileBusy } from './while-busy.js';

/** Between two transactions, so that a service on the same database, which looks for its turn, finds one. */
const REST_MS = 2;

export interface ReindexOptions {
  readonly database: AnyDatabase;
  /** The one vault to look at; all of them when undefined. */
  readonly vaultId?: string;
  /** Also what looks sound. */
  readonly all?: boolean;
  /** Gets how many positions were looked at, of how many. */
  readonly progress?: (done: number, total: number) => void;
}

export interface ReindexReport {
  /** Memories that were indexed. */
  readonly memories: number;
  /** Vaults in which there were any. */
  readonly vaults: number;
}

/**
 * Rebuilds the recall index of every vault where it is not what this version would write, each in the vault's own
 * context. It can be stopped at any point and run again, and a service may use the database meanwhile.
 *
 * @throws MigrationRefusedError when the database is not Cairn's or has another schema, or there is no such vault
 */
export async function reindexDatabase(options: ReindexOptions): Promise<ReindexReport> {
  const { database, vaultId, all = false, progress } = options;
  await checkSchema(database);
  if (vaultId !== undefined) await checkVault(database, vaultId);
  const total = await countPositions(database, vaultId);
  const report = { memories: 0, vaults: 0 };
  let done = 0;
  let before = 0;
  const onProgress = (positions: number, memories: number) => {
    done = Math.min(done + positions, total);
    report.memories += memories;
    progress?.(done, total);
  };
  const dataSource = await new TenantDataSource(dataSourceOptions(database)).initialize();
  try {
    const reindexer = reindexerOf(dataSource);
    for await (const vault of vaultId === undefined ? allVaults(database) : [vaultId]) {
      const which = all ? 'all' : 'doubtful';
      await whileBusy(() => reindexer.vault(vault, { which, pause: () => sleep(REST_MS), onProgress }));
      if (report.memories > before) report.vaults += 1;
      before = report.memories;
    }
  } finally {
    await dataSource.destroy();
  }
  return report;
}

function reindexerOf(dataSource: TenantDataSource): Reindexer {
  const [scopes, blocks] = [dataSource.getRepository(ScopeRow), dataSource.getRepository(TermBlock)];
  const memories = dataSource.getRepository(Memory);
  const encoder = new RowEncoder(memories);
  const rebuild = new IndexRebuild(scopes, blocks, memories, encoder, new Tenancy(dataSource));
  return new Reindexer(scopes, memories, rebuild);
}
