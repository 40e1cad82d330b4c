import { MigrationRefusedError } from '../migration-refused.error.js';
import { type Digest, type RehomeDatabase, carrierOf } from './rehome-database.js';
import { KEY_TABLE, REHOMED_TABLES, type RehomedTable } from './rehomed-tables.js';

/** What went from one vault to another. */
export interface Moved {
  /** By table, what went; the rows of the new vault were hashed again. */
  readonly tables: ReadonlyMap<string, Digest>;
  /** Whether the new vault was made for it. */
  readonly madeVault: boolean;
  /** Collections that came along, and those of them that the old vault no longer has. */
  readonly collections: { readonly copied: number; readonly moved: number; readonly others: number };
  /** API keys of theirs that the old vault keeps, and that open it. */
  readonly keys: number;
  /** Rows of users made anew in the old vault, for those who stay there in part. */
  readonly usersMade: number;
}

/** A vault that users cannot go to, and why. */
export class DestinationRefusedError extends Error {}

const quoted = (columns: readonly string[], row?: string) =>
  columns.map((column) => (row === undefined ? `"${column}"` : `${row}."${column}"`)).join(', ');

/**
 * Takes what a plan has chosen from one vault to another: inserts it there and deletes it here, in the transaction
 * that the plan was made in, with every row proven. `vault_id` is never updated.
 */
export class TreeMove {
  /** @param columns of each table, the vault's included */
  constructor(
    private readonly database: RehomeDatabase,
    private readonly columns: ReadonlyMap<string, readonly string[]>,
    private readonly from: string,
  ) {}

  /** To be called once for a connection. */
  async makeTables(): Promise<void> {
    const empty = (name: string, as: string) =>
      this.database.run(
        `CREATE TEMPORARY TABLE ${carrierOf(as)} AS SELECT ${quoted(this.columnsOf(name))}
         FROM ${this.database.table(name)} WHERE 1 = 0`,
      );
    for (const { name } of REHOMED_TABLES) await empty(name, name);
    await empty('collections', 'collections');
    await empty('scopes', 'split_scopes');
  }

  /**
   * Carries what is to go into temporary tables. In a transaction that has entered the old vault.
   *
   * @returns what it is, by table
   */
  async carry(): Promise<Map<string, Digest>> {
    const carried = new Map<string, Digest>();
    for (const { name, goes } of REHOMED_TABLES) {
      const from = `${this.database.table(name)} t WHERE t."vault_id" = ? AND ${goes}`;
      const digest = await this.database.digest(this.columnsOf(name), from, [this.from]);
      await this.fill(name, carrierOf(name), from);
      if (digest.rows > 0) carried.set(name, digest);
    }
    await this.fill(
      'scopes',
      carrierOf('split_scopes'),
      `${this.database.table('scopes')} t WHERE t."vault_id" = ?
         AND t."user_id" IN (SELECT "user_id" FROM "rehome_split")`,
    );
    const needed = ['memories', 'facts'].map((name) => `SELECT c."collection" FROM ${carrierOf(name)} c`);
    await this.fill(
      'collections',
      carrierOf('collections'),
      `${this.database.table('collections')} t WHERE t."vault_id" = ? AND t."name" IN (${needed.join(' UNION ')})`,
    );
    await this.database.analyse(...REHOMED_TABLES.map(({ name }) => carrierOf(name)));
    return carried;
  }

  /** How many keys of those who go have not been revoked. In a transaction that has entered the old vault. */
  async countKeys(): Promise<number> {
    const [{ n }] = await this.database.rows<{ n: number }>(
      `SELECT count(*) AS n FROM ${this.database.table(KEY_TABLE)}
       WHERE "vault_id" = ? AND "revoked_at" IS NULL AND "user_id" IN (SELECT "user_id" FROM "rehome_group")`,
      [this.from],
    );
    return n;
  }

  /**
   * Whether what is carried can go to a vault: that is empty, or somebody has named it and no id is taken there. In a
   * transaction that has entered it.
   *
   * @param mapped somebody has named it
   * @returns whether it is there
   * @throws DestinationRefusedError
   */
  async checkDestination(to: string, mapped: boolean): Promise<boolean> {
    const [vault] = await this.database.rows<{ status: string }>(
      `SELECT "status" FROM ${this.database.table('vaults')} WHERE "vault_id" = ?`,
      [to],
    );
    if (vault && vault.status !== 'active') {
      throw new DestinationRefusedError(`the vault ${to} is ${vault.status}`);
    }
    if (!(await this.hasContent(to))) return vault !== undefined;
    if (!mapped) {
      throw new DestinationRefusedError(
        `the vault ${to} has rows already: name it for this user in a file for --map if they belong together`,
      );
    }
    const clashes = await this.clashes(to);
    if (clashes.length > 0) {
      throw new DestinationRefusedError(`the vault ${to} already has ${clashes.join(', ')}`);
    }
    return true;
  }

  /** @param name what the vault is called where it is made */
  async insert(to: string, name: string, exists: boolean, carried: ReadonlyMap<string, Digest>) {
    const { database } = this;
    if (!exists) {
      const now = Date.now();
      await database.run(
        `INSERT INTO ${database.table('vaults')}
           ("vault_id", "name", "status", "share_unowned", "created_at", "updated_at", "erased_at")
         VALUES (?, ?, 'active', FALSE, ?, ?, NULL)`,
        [to, name, now, now],
      );
    }
    const collections = await this.insertCollections(to);
    for (const { name: table } of REHOMED_TABLES) {
      const columns = this.columnsOf(table);
      await database.run(
        `INSERT INTO ${database.table(table)} ("vault_id", ${quoted(columns)})
         SELECT ?, ${quoted(columns, 'c')} FROM ${carrierOf(table)} c`,
        [to],
      );
    }
    for (const table of REHOMED_TABLES) await this.prove(to, table, carried.get(table.name));
    await this.beginIndexes(to);
    await database.run(
      `UPDATE ${database.table('users')} SET "summary_stale" = TRUE
       WHERE "vault_id" = ? AND NOT "summary_manual" AND "user_id" IN (SELECT "user_id" FROM "rehome_split")`,
      [to],
    );
    return collections;
  }

  /** @returns how many rows of users were made anew, and collections taken away. In the old vault. */
  async deleteFromOld(carried: ReadonlyMap<string, Digest>): Promise<{ users: number; collections: number }> {
    const { database, from } = this;
    for (const { name, goes } of REHOMED_TABLES.toReversed()) {
      if (name === 'memories') await this.refuseTorn('waypoints', 'dst_id', '"rehome_moving"');
      if (name === 'facts') await this.refuseTorn('fact_edges', 'target_id', '"rehome_moving_facts"');
      const deleted = await database.run(
        `DELETE FROM ${database.table(name)} AS t WHERE t."vault_id" = ? AND ${goes}`,
        [from],
      );
      if (deleted !== (carried.get(name)?.rows ?? 0)) throw new Error(`Not the rows of ${name} that went`);
    }
    const ofSplit = `"vault_id" = ? AND "user_id" IN (SELECT "user_id" FROM "rehome_split")`;
    await database.run(`DELETE FROM ${database.table('term_blocks')} WHERE ${ofSplit}`, [from]);
    await database.run(
      `UPDATE ${database.table('scopes')} SET "index_version" = 0, "memory_count" = 0, "term_count" = 0,
         "revision" = "revision" + 1 WHERE ${ofSplit}`,
      [from],
    );
    const users = await database.run(
      `INSERT INTO ${database.table('users')} ("vault_id", "user_id", "summary", "summary_manual",
         "reflection_count", "created_at", "updated_at", "summary_stale", "summary_at")
       SELECT ?, c."user_id", NULL, FALSE, 0, c."created_at", c."updated_at", TRUE, NULL
       FROM ${carrierOf('users')} c WHERE c."user_id" IN (SELECT "user_id" FROM "rehome_split")`,
      [from],
    );
    return { users, collections: await this.deleteCollections() };
  }

  private async fill(table: string, carrier: string, from: string): Promise<void> {
    const columns = this.columnsOf(table);
    await this.database.empty(carrier);
    await this.database.run(
      `INSERT INTO ${carrier} (${quoted(columns)}) SELECT ${quoted(columns, 't')} FROM ${from}`,
      [this.from],
    );
  }

  private async hasContent(vaultId: string): Promise<boolean> {
    // Who is to have a vault may have been given a key of it before.
    const tables = [...this.columns.keys()].filter((name) => name !== 'vaults' && name !== KEY_TABLE);
    for (const name of tables) {
      const sql = `SELECT 1 AS found FROM ${this.database.table(name)} WHERE "vault_id" = ? LIMIT 1`;
      if ((await this.database.rows(sql, [vaultId])).length > 0) return true;
    }
    return false;
  }

  private async clashes(to: string): Promise<string[]> {
    const clashes: string[] = [];
    const look = async (name: string, carrier: string, key: readonly string[]) => {
      const same = key.map((column) => `t."${column}" = c."${column}"`).join(' AND ');
      const [{ n }] = await this.database.rows<{ n: number }>(
        `SELECT count(*) AS n FROM ${carrier} c CROSS JOIN ${this.database.table(name)} t
         WHERE t."vault_id" = ? AND ${same}`,
        [to],
      );
      if (n > 0) clashes.push(`${n} ${n === 1 ? 'row' : 'rows'} of ${name} with the same ${key.join(', ')}`);
    };
    for (const { name, keys } of REHOMED_TABLES) {
      for (const key of keys) await look(name, carrierOf(name), key);
    }
    await look('scopes', carrierOf('split_scopes'), ['user_id']);
    return clashes;
  }

  /** What the new vault has of its own stays as it is. */
  private async insertCollections(to: string): Promise<Moved['collections']> {
    const { database } = this;
    const [carrier, table] = [carrierOf('collections'), database.table('collections')];
    const columns = this.columnsOf('collections');
    const others = await database.run(
      `DELETE FROM ${carrier} WHERE EXISTS (SELECT 1 FROM ${table} t
         WHERE t."vault_id" = ? AND t."name" = ${carrier}."name")`,
      [to],
    );
    const copied = await database.run(
      `INSERT INTO ${table} ("vault_id", ${quoted(columns)}) SELECT ?, ${quoted(columns, 'c')} FROM ${carrier} c`,
      [to],
    );
    return { copied, moved: 0, others };
  }

  /** A collection goes with the last who has something in it. */
  private async deleteCollections(): Promise<number> {
    const { database, from } = this;
    const used = ['memories', 'facts'].map(
      (name) => `NOT EXISTS (SELECT 1 FROM ${database.table(name)} u
        WHERE u."vault_id" = ? AND u."collection" = t."name")`,
    );
    return database.run(
      `DELETE FROM ${database.table('collections')} AS t WHERE t."vault_id" = ?
         AND t."name" IN (SELECT "name" FROM ${carrierOf('collections')}) AND ${used.join(' AND ')}`,
      [from, from, from],
    );
  }

  /** The rows in the new vault must be those that were in the old one. */
  private async prove(to: string, { name, keys }: RehomedTable, went: Digest | undefined): Promise<void> {
    const same = keys[0].map((column) => `t."${column}" = c."${column}"`).join(' AND ');
    const came = await this.database.digest(
      this.columnsOf(name),
      `${carrierOf(name)} c CROSS JOIN ${this.database.table(name)} t WHERE t."vault_id" = ? AND ${same}`,
      [to],
    );
    if (came.rows !== (went?.rows ?? 0) || came.sum !== (went?.sum ?? 0n)) {
      throw new MigrationRefusedError(`Undone, since the rows of ${name} would not be what they were.`);
    }
  }

  /** Of users who stay in part: the index of what went is made anew, as that of what stayed is. */
  private async beginIndexes(to: string): Promise<void> {
    const columns = this.columnsOf('scopes');
    const anew: Readonly<Record<string, string>> = {
      memory_count: '0',
      term_count: '0',
      index_version: '0',
      revision: 'c."revision" + 1',
    };
    const values = columns.map((column) => anew[column] ?? `c."${column}"`);
    await this.database.run(
      `INSERT INTO ${this.database.table('scopes')} ("vault_id", ${quoted(columns)})
       SELECT ?, ${values.join(', ')} FROM ${carrierOf('split_scopes')} c`,
      [to],
    );
  }

  /** What refers to a row that goes must have gone: the database would delete it with that row, without a word. */
  private async refuseTorn(table: string, column: string, going: string): Promise<void> {
    const [{ n }] = await this.database.rows<{ n: number }>(
      `SELECT count(*) AS n FROM ${going} g CROSS JOIN ${this.database.table(table)} t
       WHERE t."vault_id" = ? AND t."${column}" = g."id"`,
      [this.from],
    );
    if (n > 0) throw new Error(`Rows of ${table} would be torn apart`);
  }

  private columnsOf(table: string): string[] {
    return this.columns.get(table)!.filter((column) => column !== 'vault_id');
  }
}
