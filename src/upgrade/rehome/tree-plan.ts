import type { RehomeDatabase } from './rehome-database.js';

/** Why memories or facts of users stay where they are, and how many. */
export interface Staying {
  /** Memories of conversations that others have memories in. */
  readonly inSharedSessions: number;
  /** Memories at a waypoint that leads to, or comes from, a memory of another. */
  readonly atSharedWaypoints: number;
  /** Memories that belong with those: by a waypoint, or in a conversation. */
  readonly belongingToThem: number;
  /** Facts that edges tie to facts of another. */
  readonly facts: number;
  /** Some of the shared conversations, with some of those who share each. */
  readonly sessions: readonly { readonly id: string; readonly users: readonly string[] }[];
}

/** What is to become of users who go to one vault. */
export interface Plan {
  /** Those of whom anything goes. */
  readonly users: number;
  /** Of those, how many keep a part in the old vault. */
  readonly split: number;
  readonly staying: Staying;
}

const SHOWN = 10;
const SHOWN_USERS = 4;

/** The temporary tables that say what goes; `REHOMED_TABLES` is written over them. */
const TABLES: Readonly<Record<string, string>> = {
  rehome_group: '"user_id" TEXT PRIMARY KEY',
  rehome_split: '"user_id" TEXT PRIMARY KEY',
  rehome_sessions: '"session_id" TEXT PRIMARY KEY',
  rehome_shared_sessions: '"session_id" TEXT PRIMARY KEY',
  rehome_kept_sessions: '"session_id" TEXT PRIMARY KEY',
  rehome_staying: '"id" TEXT PRIMARY KEY, "why" TEXT, "round" integer',
  rehome_moving: '"id" TEXT PRIMARY KEY',
  rehome_staying_facts: '"id" TEXT PRIMARY KEY, "round" integer',
  rehome_moving_facts: '"id" TEXT PRIMARY KEY',
  rehome_moving_legacy: '"id" TEXT PRIMARY KEY',
};

const NOT_IN_GROUP = 'NOT IN (SELECT "user_id" FROM "rehome_group")';
const IN_GROUP = 'IN (SELECT "user_id" FROM "rehome_group")';

type Name = 'memories' | 'waypoints' | 'sessions' | 'facts' | 'edges' | 'legacy';

/**
 * Finds what of some users can go to a vault of their own. What is tied to what stays, stays with it: whatever is
 * joined by waypoints, conversations or edges of facts is never torn apart. Nothing passes through this process: ids
 * of adopted rows may hold bytes that no text can.
 */
export class TreePlan {
  private readonly names: Readonly<Record<Name, string>>;

  /** @param from the old vault */
  constructor(
    private readonly database: RehomeDatabase,
    private readonly from: string,
  ) {
    this.names = {
      memories: database.table('memories'),
      waypoints: database.table('waypoints'),
      sessions: database.table('sessions'),
      facts: database.table('facts'),
      edges: database.table('fact_edges'),
      legacy: database.table('legacy_rows'),
    };
  }

  /** To be called once for a connection. */
  async makeTables(): Promise<void> {
    for (const [name, columns] of Object.entries(TABLES)) {
      const typed = columns.replaceAll('TEXT', this.database.text);
      await this.database.run(`CREATE TEMPORARY TABLE "${name}" (${typed})`);
    }
    for (const name of ['rehome_staying', 'rehome_staying_facts']) {
      await this.database.run(`CREATE INDEX "${name}_round" ON "${name}" ("round")`);
    }
  }

  /** Plans for the users whom `rehome_destinations` gives this vault. In a transaction that has entered the old one. */
  async plan(to: string): Promise<Plan> {
    for (const name of Object.keys(TABLES)) await this.database.empty(`"${name}"`);
    await this.run(
      'INSERT INTO "rehome_group" SELECT "user_id" FROM "rehome_destinations" WHERE "vault_id" = ?',
      to,
    );
    await this.findShared();
    await this.spread();
    await this.findSharedFacts();
    await this.chooseMoving();
    const staying = await this.describe();
    await this.setApart();
    await this.chooseLegacyRows();
    await this.database.analyse('"rehome_group"', '"rehome_moving"', '"rehome_moving_facts"');
    return {
      users: await this.count('"rehome_group"'),
      split: await this.count('"rehome_split"'),
      staying,
    };
  }

  private async findShared(): Promise<void> {
    const { memories, waypoints, sessions } = this.names;
    const { from } = this;
    await this.run(
      `INSERT INTO "rehome_sessions" SELECT DISTINCT m."session_id" FROM "rehome_group" g CROSS JOIN ${memories} m
       WHERE m."vault_id" = ? AND m."user_id" = g."user_id" AND m."session_id" IS NOT NULL`,
      from,
    );
    await this.run(
      `INSERT INTO "rehome_sessions" SELECT s."id" FROM "rehome_group" g CROSS JOIN ${sessions} s
       WHERE s."vault_id" = ? AND s."user_id" = g."user_id" ON CONFLICT DO NOTHING`,
      from,
    );
    await this.run(
      `INSERT INTO "rehome_shared_sessions" SELECT s."session_id" FROM "rehome_sessions" s
       WHERE EXISTS (SELECT 1 FROM ${memories} o
         WHERE o."vault_id" = ? AND o."session_id" = s."session_id" AND o."user_id" ${NOT_IN_GROUP})`,
      from,
    );
    await this.run(
      `INSERT INTO "rehome_shared_sessions" SELECT DISTINCT o."id" FROM ${sessions} o
       WHERE o."vault_id" = ? AND o."user_id" ${NOT_IN_GROUP}
         AND o."id" IN (SELECT "session_id" FROM "rehome_sessions") ON CONFLICT DO NOTHING`,
      from,
    );
    await this.run(
      `INSERT INTO "rehome_staying" SELECT m."id", 'session', 0
       FROM "rehome_shared_sessions" s CROSS JOIN ${memories} m
       WHERE m."vault_id" = ? AND m."session_id" = s."session_id" AND m."user_id" ${IN_GROUP}`,
      from,
    );
    for (const [own, other] of ENDS) {
      await this.run(
        `INSERT INTO "rehome_staying" SELECT m."id", 'waypoint', 0 FROM "rehome_group" g
           CROSS JOIN ${memories} m CROSS JOIN ${waypoints} w CROSS JOIN ${memories} o
         WHERE m."vault_id" = ? AND m."user_id" = g."user_id" AND w."vault_id" = ? AND w."${own}" = m."id"
           AND o."vault_id" = ? AND o."id" = w."${other}" AND o."user_id" ${NOT_IN_GROUP} ON CONFLICT DO NOTHING`,
        ...[from, from, from],
      );
    }
  }

  /** From what stays to what belongs with it, as far as that reaches. */
  private async spread(): Promise<void> {
    const { memories, waypoints } = this.names;
    const { from } = this;
    for (let round = 0, more = await this.count('"rehome_staying"'); more > 0; round += 1) {
      more = 0;
      for (const [near, far] of ENDS) {
        more += await this.run(
          `INSERT INTO "rehome_staying" SELECT m."id", 'linked', s."round" + 1 FROM "rehome_staying" s
             CROSS JOIN ${waypoints} w CROSS JOIN ${memories} m
           WHERE s."round" = ? AND w."vault_id" = ? AND w."${near}" = s."id" AND m."vault_id" = ?
             AND m."id" = w."${far}" AND m."user_id" ${IN_GROUP} ON CONFLICT DO NOTHING`,
          ...[round, from, from],
        );
      }
      more += await this.run(
        `INSERT INTO "rehome_staying" SELECT m."id", 'linked', x."round" + 1
         FROM (SELECT DISTINCT n."session_id", s."round" FROM "rehome_staying" s CROSS JOIN ${memories} n
             WHERE s."round" = ? AND n."vault_id" = ? AND n."id" = s."id" AND n."session_id" IS NOT NULL) x
           CROSS JOIN ${memories} m
         WHERE m."vault_id" = ? AND m."session_id" = x."session_id" AND m."user_id" ${IN_GROUP}
         ON CONFLICT DO NOTHING`,
        ...[round, from, from],
      );
    }
  }

  private async findSharedFacts(): Promise<void> {
    const { facts, edges } = this.names;
    const { from } = this;
    for (const [own, other] of FACT_ENDS) {
      await this.run(
        `INSERT INTO "rehome_staying_facts" SELECT f."id", 0 FROM "rehome_group" g
           CROSS JOIN ${facts} f CROSS JOIN ${edges} e CROSS JOIN ${facts} o
         WHERE f."vault_id" = ? AND f."user_id" = g."user_id" AND e."vault_id" = ? AND e."${own}" = f."id"
           AND o."vault_id" = ? AND o."id" = e."${other}" AND o."user_id" ${NOT_IN_GROUP} ON CONFLICT DO NOTHING`,
        ...[from, from, from],
      );
    }
    for (let round = 0, more = await this.count('"rehome_staying_facts"'); more > 0; round += 1) {
      more = 0;
      for (const [near, far] of FACT_ENDS) {
        more += await this.run(
          `INSERT INTO "rehome_staying_facts" SELECT f."id", s."round" + 1 FROM "rehome_staying_facts" s
             CROSS JOIN ${edges} e CROSS JOIN ${facts} f
           WHERE s."round" = ? AND e."vault_id" = ? AND e."${near}" = s."id" AND f."vault_id" = ?
             AND f."id" = e."${far}" AND f."user_id" ${IN_GROUP} ON CONFLICT DO NOTHING`,
          ...[round, from, from],
        );
      }
    }
  }

  private async chooseMoving(): Promise<void> {
    const kinds = [
      [this.names.memories, '"rehome_staying"', '"rehome_moving"'],
      [this.names.facts, '"rehome_staying_facts"', '"rehome_moving_facts"'],
    ];
    for (const [table, staying, moving] of kinds) {
      await this.run(
        `INSERT INTO ${moving} SELECT t."id" FROM "rehome_group" g CROSS JOIN ${table} t
         WHERE t."vault_id" = ? AND t."user_id" = g."user_id"
           AND NOT EXISTS (SELECT 1 FROM ${staying} s WHERE s."id" = t."id")`,
        this.from,
      );
    }
    await this.run(`INSERT INTO "rehome_kept_sessions" SELECT "session_id" FROM "rehome_shared_sessions"`);
    await this.run(
      `INSERT INTO "rehome_kept_sessions" SELECT DISTINCT m."session_id"
       FROM "rehome_staying" s CROSS JOIN ${this.names.memories} m
       WHERE m."vault_id" = ? AND m."id" = s."id" AND m."session_id" IS NOT NULL ON CONFLICT DO NOTHING`,
      this.from,
    );
  }

  /** Tells those who stay in part from those who go whole; who would leave all memories and facts behind stays. */
  private async setApart(): Promise<void> {
    const { memories, facts } = this.names;
    const ownersOf = (table: string, ids: string) =>
      `SELECT t."user_id" FROM ${ids} i CROSS JOIN ${table} t WHERE t."vault_id" = ? AND t."id" = i."id"`;
    const both = (memoryIds: string, factIds: string) =>
      `${ownersOf(memories, memoryIds)} UNION ${ownersOf(facts, factIds)}`;
    await this.run(
      `INSERT INTO "rehome_split" ${both('"rehome_staying"', '"rehome_staying_facts"')}`,
      ...[this.from, this.from],
    );
    await this.run(
      `DELETE FROM "rehome_group" WHERE "user_id" IN (SELECT "user_id" FROM "rehome_split")
         AND "user_id" NOT IN (${both('"rehome_moving"', '"rehome_moving_facts"')})`,
      ...[this.from, this.from],
    );
    await this.run(`DELETE FROM "rehome_split" WHERE "user_id" ${NOT_IN_GROUP}`);
  }

  /** Rows of older databases go with their memory, and without one with the user they name. */
  private async chooseLegacyRows(): Promise<void> {
    const { legacy } = this.names;
    await this.run(
      `INSERT INTO "rehome_moving_legacy" SELECT l."id" FROM "rehome_moving" i CROSS JOIN ${legacy} l
       WHERE l."vault_id" = ? AND l."memory_id" = i."id"`,
      this.from,
    );
    await this.run(
      `INSERT INTO "rehome_moving_legacy" SELECT l."id" FROM "rehome_group" g CROSS JOIN ${legacy} l
       WHERE l."vault_id" = ? AND l."user_id" = g."user_id" AND l."memory_id" IS NULL`,
      this.from,
    );
  }

  private async describe(): Promise<Staying> {
    const counts = await this.database.rows<{ why: string; n: number }>(
      'SELECT "why", count(*) AS n FROM "rehome_staying" GROUP BY "why"',
    );
    const of = (why: string) => counts.find((one) => one.why === why)?.n ?? 0;
    const shared = await this.database.rows<{ session_id: string }>(
      `SELECT "session_id" FROM "rehome_shared_sessions" ORDER BY "session_id" LIMIT ${SHOWN}`,
    );
    const sessions: { id: string; users: string[] }[] = [];
    for (const { session_id: id } of shared) {
      const users = await this.database.rows<{ user_id: string }>(
        `SELECT DISTINCT m."user_id" FROM ${this.names.memories} m WHERE m."vault_id" = ? AND m."session_id" = ?
         ORDER BY m."user_id" LIMIT ${SHOWN_USERS}`,
        [this.from, id],
      );
      sessions.push({ id, users: users.map(({ user_id }) => user_id) });
    }
    return {
      inSharedSessions: of('session'),
      atSharedWaypoints: of('waypoint'),
      belongingToThem: of('linked'),
      facts: await this.count('"rehome_staying_facts"'),
      sessions,
    };
  }

  private async count(source: string): Promise<number> {
    const [{ n }] = await this.database.rows<{ n: number }>(`SELECT count(*) AS n FROM ${source}`);
    return n;
  }

  private run(sql: string, ...values: unknown[]): Promise<number> {
    return this.database.run(sql, values);
  }
}

const ENDS = [
  ['src_id', 'dst_id'],
  ['dst_id', 'src_id'],
] as const;
const FACT_ENDS = [
  ['source_id', 'target_id'],
  ['target_id', 'source_id'],
] as const;
