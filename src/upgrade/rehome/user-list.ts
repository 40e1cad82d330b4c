import { MigrationRefusedError } from '../migration-refused.error.js';
import type { Destination, Destinations } from './destinations.js';
import type { RehomeDatabase } from './rehome-database.js';
import { REHOMED_TABLES } from './rehomed-tables.js';

/** Users who go to one vault. */
export interface Group {
  readonly to: string;
  /** What the vault is called where it is made. */
  readonly name: string;
  readonly mapped: boolean;
  readonly users: number;
  /** The first of them. */
  readonly shown: readonly string[];
}

const PAGE = 200;
const SHOWN = 5;

/** Every user of a vault, with the vault that is to be theirs; kept in the database, since there may be many. */
export class UserList {
  constructor(
    private readonly database: RehomeDatabase,
    private readonly from: string,
    private readonly destinations: Destinations,
  ) {}

  /** To be called once for a connection. */
  async makeTables(): Promise<void> {
    const { text } = this.database;
    await this.database.run(`CREATE TEMPORARY TABLE "rehome_users" ("user_id" ${text} PRIMARY KEY)`);
    await this.database.run(
      `CREATE TEMPORARY TABLE "rehome_destinations"
         ("user_id" ${text} PRIMARY KEY, "vault_id" ${text}, "name" ${text}, "mapped" integer)`,
    );
    await this.database.run('CREATE INDEX "rehome_destinations_vault" ON "rehome_destinations" ("vault_id")');
  }

  /**
   * Lists them. In a transaction that has entered the vault.
   *
   * @returns how many they are
   * @throws MigrationRefusedError where two would land in one vault without anybody having said so
   */
  async read(): Promise<number> {
    const { database, from } = this;
    for (const { name } of REHOMED_TABLES.filter(({ isOwn }) => isOwn)) {
      const alone = name === 'legacy_rows' ? 'AND "memory_id" IS NULL' : '';
      await database.run(
        `INSERT INTO "rehome_users" SELECT DISTINCT "user_id" FROM ${database.table(name)}
         WHERE "vault_id" = ? AND "user_id" <> '' ${alone} ON CONFLICT DO NOTHING`,
        [from],
      );
    }
    let users = 0;
    for (let after = '', more = true; more;) {
      const page = await database.rows<{ user_id: string }>(
        `SELECT "user_id" FROM "rehome_users" WHERE "user_id" > ? ORDER BY "user_id" LIMIT ${PAGE}`,
        [after],
      );
      for (const { user_id } of page) await this.place(user_id, this.destinations.of(user_id));
      users += page.length;
      after = page.at(-1)?.user_id ?? '';
      more = page.length === PAGE;
    }
    await database.analyse('"rehome_destinations"');
    await this.refuseMeetings();
    return users;
  }

  /** The users by the vaults they go to, in the order of those. Outside a transaction. */
  async *groups(): AsyncGenerator<Group> {
    const { database } = this;
    for (let after = '', more = true; more;) {
      const page = await database.rows<{ to: string; name: string; mapped: number; users: number }>(
        `SELECT "vault_id" AS "to", min("name") AS "name", min("mapped") AS "mapped", count(*) AS "users"
         FROM "rehome_destinations" WHERE "vault_id" > ? GROUP BY "vault_id" ORDER BY "vault_id" LIMIT ${PAGE}`,
        [after],
      );
      for (const { to, name, mapped, users } of page) {
        yield { to, name, mapped: mapped === 1, users, shown: await this.usersOf(to, SHOWN) };
      }
      after = page.at(-1)?.to ?? '';
      more = page.length === PAGE;
    }
  }

  /** Of some users, those who are not in the vault. */
  async missing(users: Iterable<string>): Promise<string[]> {
    const missing: string[] = [];
    for (const user of users) {
      const sql = 'SELECT 1 AS "found" FROM "rehome_destinations" WHERE "user_id" = ?';
      if ((await this.database.rows(sql, [user])).length === 0) missing.push(user);
    }
    return missing;
  }

  private async place(userId: string, { vaultId, name, mapped }: Destination): Promise<void> {
    await this.database.run(
      'INSERT INTO "rehome_destinations" ("user_id", "vault_id", "name", "mapped") VALUES (?, ?, ?, ?)',
      [userId, vaultId, name, mapped ? 1 : 0],
    );
  }

  private async refuseMeetings(): Promise<void> {
    const [meeting] = await this.database.rows<{ to: string }>(
      `SELECT "vault_id" AS "to" FROM "rehome_destinations" GROUP BY "vault_id"
       HAVING count(*) > 1 AND min("mapped") = 0 ORDER BY "vault_id" LIMIT 1`,
    );
    if (!meeting) return;
    const users = (await this.usersOf(meeting.to, SHOWN)).map((user) => JSON.stringify(user)).join(' and ');
    throw new MigrationRefusedError(
      `${users} would share the vault ${meeting.to}: name it for each of them in the file for --map, or another.`,
    );
  }

  private async usersOf(to: string, limit: number): Promise<string[]> {
    const users = await this.database.rows<{ user_id: string }>(
      `SELECT "user_id" FROM "rehome_destinations" WHERE "vault_id" = ? ORDER BY "user_id" LIMIT ${limit}`,
      [to],
    );
    return users.map(({ user_id }) => user_id);
  }
}
