import { expect } from 'vitest';
import type { Client } from 'pg';
import type { MigrationReport } from '../../../../src/upgrade/migrate-database.js';
import {
  type PostgresMigrateOptions,
  migratePostgres,
} from '../../../../src/upgrade/postgres/migrate-postgres.js';
import type { Finished } from '../../built.js';
import { type Accounting, account } from '../../openmemory/accounting.js';
import type { OpenMemoryFile } from '../../openmemory/file.js';
import type { Snapshot } from '../../openmemory/snapshot.js';
import { postgresConfig } from '../connection-attempt.js';
import { type MigrationPlace, makePlace } from '../migration-place.js';
import { canDump, dumpOf, rowsOf } from '../schema-state.js';
import { connectTo, urlOf } from '../scratch-server.js';
import { storeRows } from './rows.js';
import { copyOfSchema, snapshotOf } from './snapshot.js';
import {
  DEFAULT_NAMES,
  type Names,
  type Shape,
  abortedMigration,
  namesInFile,
  statementsOf,
} from './tables.js';

/** A database in which OpenMemory's tables stand, owned by the migrator of Cairn. */
export class OpenMemoryPlace {
  private constructor(
    readonly place: MigrationPlace,
    readonly names: Names,
    /** A superuser's. */
    readonly client: Client,
  ) {}

  static async make(
    shape: Shape,
    fill: (file: OpenMemoryFile) => void,
    names: Names = DEFAULT_NAMES,
  ): Promise<OpenMemoryPlace> {
    return OpenMemoryPlace.over(async (client) => {
      for (const sql of statementsOf(shape, names)) await client.query(sql);
      await storeRows(client, shape, fill, names);
      for (const sql of abortedMigration(shape, names)) await client.query(sql);
    }, names);
  }

  /** @param make makes the tables, as a superuser */
  static async over(
    make: (client: Client) => Promise<void>,
    names: Names = DEFAULT_NAMES,
  ): Promise<OpenMemoryPlace> {
    const place = await makePlace('with schema');
    const client = await connectTo(place.database);
    const made = new OpenMemoryPlace(place, names, client);
    await make(client);
    await made.giveToMigrator();
    return made;
  }

  /** The settings that name the tables. */
  get settings(): NodeJS.ProcessEnv {
    const { schema, memories, vectors } = this.names;
    return {
      ...(schema === DEFAULT_NAMES.schema ? {} : { OM_PG_SCHEMA: schema }),
      ...(memories === DEFAULT_NAMES.memories ? {} : { OM_PG_TABLE: memories }),
      ...(vectors === DEFAULT_NAMES.vectors ? {} : { OM_VECTOR_TABLE: vectors }),
    };
  }

  migrate(...args: string[]): Promise<Finished> {
    return this.place.migrate(args, this.settings);
  }

  /** Runs the migrations, which must be without an error and a warning. */
  async upgrade(...args: string[]): Promise<Finished> {
    const finished = await this.migrate('run', ...args);
    expect({ status: finished.status, stderr: finished.stderr }).toEqual({ status: 0, stderr: '' });
    return finished;
  }

  /** The same in this process, for where the command itself is not what is looked at; the index is not filled. */
  upgradeHere(options: Partial<PostgresMigrateOptions> = {}): Promise<MigrationReport> {
    return migratePostgres({ database: postgresConfig({ ...this.place.env, ...this.settings }), ...options });
  }

  /** Takes back all that was done. @returns how many runs that took */
  async revertAll(): Promise<number> {
    for (let runs = 1; runs < 10; runs += 1) {
      if ((await this.upgradeHere({ direction: 'revert' })).version === 'none') return runs;
    }
    throw new Error('Reverting goes on for ever');
  }

  /** Rows of the schema that the tables are from, and its structure where `pg_dump` is there to tell. */
  async state(): Promise<{ dump: string; rows: Record<string, string[]> }> {
    const { database } = this.place;
    const dump = canDump ? await dumpOf(database, urlOf(database), this.names.schema) : '';
    return { dump, rows: await rowsOf(database, this.names.schema) };
  }

  snapshot(): Promise<Snapshot> {
    return snapshotOf(this.client, this.names);
  }

  /** Looks for every row in the tables of Cairn, in which nothing may be that was not there. */
  async expectNothingLost(before: Snapshot): Promise<Accounting> {
    const accounting = account(before, await copyOfSchema(this.client, 'cairn'));
    expect({ lost: accounting.lost, invented: accounting.invented }).toEqual({ lost: [], invented: [] });
    expect(accounting.homed + accounting.kept).toBe(accounting.rows);
    return accounting;
  }

  /** @param sql selects one number */
  async count(sql: string): Promise<number> {
    const { rows } = await this.client.query<{ count: string }>(`SELECT count(*) AS count FROM ${sql}`);
    return Number(rows[0].count);
  }

  async drop(): Promise<void> {
    await this.client.end();
    await this.place.drop();
  }

  private async giveToMigrator(): Promise<void> {
    const { migrator } = this.place.roles;
    await this.client.query(`GRANT USAGE, CREATE ON SCHEMA "${this.names.schema}" TO ${migrator}`);
    for (const name of Object.values(namesInFile(this.names))) {
      await this.client.query(`ALTER TABLE IF EXISTS "${this.names.schema}"."${name}" OWNER TO ${migrator}`);
    }
  }
}
