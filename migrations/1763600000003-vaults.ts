import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import { Adopt1763600000001 } from './1763600000001-adopt.js';
import { Users1763600000002 } from './1763600000002-users.js';
import { type ChainStep, type Progress, refuseUnlessEmpty } from './chain-step.js';
import { createIndexes, createTable, dropTables, isPostgres } from './ddl.js';
import { adopt, haveRows } from './openmemory/adoption.js';
import { giveBack } from './openmemory/give-back.js';
import { findOldTables } from './openmemory/old-tables.js';
import { DEFAULT_ADOPTION, listOwners } from './openmemory/owners.js';
import { type AdoptionRecord, readAdoption } from './openmemory/record.js';
import { dropSetAside, findSetAside, type SetAside, setAside } from './openmemory/set-aside.js';
import { vaultTables } from './vault-tables.js';

/** The tables of the steps before. */
const OLD_TABLES = ['memories', 'vectors', 'waypoints', 'embed_logs', 'users', 'stats'];

/**
 * Many organisations in one service: `vault_id` leads every table, key and index, and all tables that follow
 * from it are made. What older tables hold comes into vaults.
 */
export class Vaults1763600000003 implements ChainStep {
  readonly version = '2.0.0';
  readonly title = 'Vaults';
  adoption = DEFAULT_ADOPTION;
  onProgress?: Progress;
  adopted?: AdoptionRecord;

  async up(runner: QueryRunner): Promise<void> {
    if (isPostgres(runner)) return this.replaceEmpty(runner);
    const foreign = await findSetAside(runner);
    const old = foreign ?? (await setOurTablesAside(runner));
    for (const table of vaultTables) await createTable(runner, table);
    if (foreign || (await haveRows(runner, old))) {
      if (!foreign) await listOwners(runner, old, this.adoption);
      const whole = foreign !== undefined;
      this.adopted = await adopt(runner, old, this.adoption, { whole, onProgress: this.onProgress });
    } else await dropSetAside(runner, old);
    for (const table of vaultTables) await createIndexes(runner, table);
  }

  /** On PostgreSQL nothing has ever written to the tables of the steps before. */
  private async replaceEmpty(runner: QueryRunner): Promise<void> {
    await refuseUnlessEmpty(this, runner, OLD_TABLES);
    await dropTables(runner, OLD_TABLES);
    for (const table of vaultTables) await createTable(runner, table);
    for (const table of vaultTables) await createIndexes(runner, table);
  }

  /**
   * What was taken over is given back, into the tables it came from. Otherwise back to the empty tables of the
   * step before, made the way the chain makes them.
   */
  async down(runner: QueryRunner): Promise<void> {
    const record = isPostgres(runner)
      ? undefined
      : readAdoption((await runner.connect()) as Database.Database);
    if (record) return giveBack(this, runner, record);
    const tables = vaultTables.map((table) => table.name);
    await refuseUnlessEmpty(this, runner, tables);
    await dropTables(runner, tables.toReversed());
    await new Adopt1763600000001().create(runner);
    await new Users1763600000002().extend(runner);
  }
}

async function setOurTablesAside(runner: QueryRunner): Promise<SetAside[]> {
  const { tables } = findOldTables((await runner.connect()) as Database.Database, { ours: true });
  await setAside(runner, tables);
  return (await findSetAside(runner))!;
}
