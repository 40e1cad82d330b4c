import type { AnyDatabase } from '../all-vaults.js';
import { checkSchema } from '../current-schema.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { reindexDatabase } from '../reindex-database.js';
import { whileBusy } from '../while-busy.js';
import type { Destinations } from './destinations.js';
import { type Digest, type RehomeDatabase, openForRehoming } from './rehome-database.js';
import { KEY_TABLE, REHOMED_TABLES, VAULT_TABLES } from './rehomed-tables.js';
import { DestinationRefusedError, type Moved, TreeMove } from './tree-move.js';
import { type Plan, TreePlan } from './tree-plan.js';
import { type Group, UserList } from './user-list.js';

export interface RehomeOptions {
  readonly database: AnyDatabase;
  /** The vault that users leave. */
  readonly from: string;
  readonly destinations: Destinations;
  /** Finds out what would happen, and changes nothing. */
  readonly dryRun?: boolean;
  /** Gets how many users were dealt with, of how many. */
  readonly progress?: (done: number, total: number) => void;
  /** Gets what became, or would become, of the users of one vault after the other. */
  readonly onGroup?: (report: GroupReport) => void;
}

/** What became of users who were to go to one vault. */
export interface GroupReport extends Group {
  /** `stays`: all of theirs is shared with others. `remains`: the vault is the one they are in. */
  readonly outcome: 'moved' | 'stays' | 'remains' | 'refused' | 'nothing';
  /** Why the vault is none for them. */
  readonly reason?: string;
  readonly plan?: Plan;
  readonly moved?: Moved;
}

export interface RehomeReport {
  readonly users: number;
  /** By table: what went, and came. */
  readonly tables: ReadonlyMap<string, Digest>;
  readonly moved: number;
  readonly vaultsMade: number;
  readonly refused: number;
  /** Users of whom something stays in the old vault because others share it. */
  readonly tied: number;
  readonly collectionsCopied: number;
  readonly usersMade: number;
  /** By table, how many rows of the old vault belong to nobody. */
  readonly unowned: ReadonlyMap<string, number>;
  readonly sharesUnowned: boolean;
  /** Of the users that the map names, those who are not in the vault. */
  readonly unknown: readonly string[];
}

/**
 * Moves users of a vault, with everything that is theirs, into vaults of their own: those of one vault in one
 * transaction, so that whoever stops it finds every user whole in one vault or the other, and whoever runs it again
 * goes on. A service may use the database meanwhile.
 *
 * @throws MigrationRefusedError when nothing can be done
 */
export async function rehomeUsers(options: RehomeOptions): Promise<RehomeReport> {
  const { database, from, destinations, dryRun = false } = options;
  await checkSchema(database);
  const connection = await openForRehoming(database, dryRun);
  let outcome: { readonly report: RehomeReport; readonly stale: readonly string[] };
  try {
    outcome = await new Rehoming(connection, from, destinations, options).run();
  } finally {
    await connection.close();
  }
  if (!dryRun) {
    for (const vaultId of outcome.stale) await reindexDatabase({ database, vaultId });
  }
  return outcome.report;
}

class Rehoming {
  private readonly list: UserList;
  private readonly trees: TreePlan;
  private readonly totals = new Map<string, Digest>();
  private readonly stale = new Set<string>();
  private counts = { moved: 0, vaultsMade: 0, refused: 0, tied: 0, collectionsCopied: 0, usersMade: 0 };

  constructor(
    private readonly database: RehomeDatabase,
    private readonly from: string,
    private readonly destinations: Destinations,
    private readonly options: RehomeOptions,
  ) {
    this.list = new UserList(database, from, destinations);
    this.trees = new TreePlan(database, from);
  }

  async run() {
    const { database, list, from, options } = this;
    const tables = await database.tables();
    refuseUnknown([...tables.keys()]);
    const move = new TreeMove(database, tables, from);
    for (const one of [list, this.trees, move]) await one.makeTables();
    const users = await this.inOld(async () => {
      await this.checkOld();
      return list.read();
    });
    const unknown = await list.missing(this.destinations.users);
    let done = 0;
    for await (const group of list.groups()) {
      options.progress?.(done, users);
      const report = await this.deal(group, move);
      this.note(report);
      options.onGroup?.(report);
      done += group.users;
    }
    options.progress?.(done, users);
    const { unowned, sharesUnowned } = await this.inOld(() => this.readUnowned());
    const report = { users, tables: this.totals, unowned, sharesUnowned, unknown, ...this.counts };
    return { report, stale: [...this.stale] };
  }

  private inOld<T>(work: () => Promise<T>): Promise<T> {
    return whileBusy(() =>
      this.database.transaction([this.from], async () => {
        await this.database.enter(this.from);
        return work();
      }),
    );
  }

  private async checkOld(): Promise<void> {
    const [vault] = await this.database.rows<{ status: string }>(
      `SELECT "status" FROM ${this.database.table('vaults')} WHERE "vault_id" = ?`,
      [this.from],
    );
    if (!vault) throw new MigrationRefusedError(`There is no vault "${this.from}".`);
    if (vault.status === 'erasing' || vault.status === 'erased') {
      throw new MigrationRefusedError(`The vault ${this.from} is ${vault.status}.`);
    }
  }

  private async deal(group: Group, move: TreeMove): Promise<GroupReport> {
    if (group.to === this.from) {
      return group.mapped
        ? { ...group, outcome: 'remains' }
        : { ...group, outcome: 'refused', reason: `${group.to} is the vault they are in` };
    }
    try {
      return await whileBusy(() =>
        this.database.transaction([this.from, group.to], () => this.dealInTransaction(group, move)),
      );
    } catch (error) {
      if (!(error instanceof DestinationRefusedError)) throw error;
      return { ...group, outcome: 'refused', reason: error.message };
    }
  }

  private async dealInTransaction(group: Group, move: TreeMove): Promise<GroupReport> {
    const { database, from } = this;
    const { to, mapped } = group;
    await database.enter(from);
    const plan = await this.trees.plan(to);
    if (plan.users === 0) {
      await database.enter(to);
      await this.noteStale(to);
      return { ...group, outcome: 'stays', plan };
    }
    const carried = await move.carry();
    if (carried.size === 0) return { ...group, outcome: 'nothing', plan };
    const keys = await move.countKeys();
    await database.enter(to);
    const exists = await move.checkDestination(to, mapped);
    const made = { tables: carried, madeVault: !exists, keys };
    if (this.options.dryRun) {
      return { ...group, outcome: 'moved', plan, moved: { ...made, usersMade: 0, ...NO_COLLECTIONS } };
    }
    const collections = await move.insert(to, group.name, exists, carried);
    await database.enter(from);
    const old = await move.deleteFromOld(carried);
    const moved = {
      ...made,
      usersMade: old.users,
      collections: { ...collections, moved: old.collections },
    };
    return { ...group, outcome: 'moved', plan, moved };
  }

  /** A run that was stopped may have left an index unfinished. In a transaction that has entered the vault. */
  private async noteStale(to: string): Promise<void> {
    const found = await this.database.rows(
      `SELECT 1 AS "found" FROM ${this.database.table('scopes')} s WHERE s."vault_id" = ? AND s."index_version" = 0
         AND s."user_id" IN (SELECT "user_id" FROM "rehome_destinations" WHERE "vault_id" = ?) LIMIT 1`,
      [to, to],
    );
    if (found.length > 0) this.stale.add(to);
  }

  private note({ outcome, plan, moved, users, to }: GroupReport): void {
    const { counts } = this;
    if (outcome === 'refused') counts.refused += users;
    if (outcome === 'stays') {
      counts.tied += users;
      this.stale.add(this.from);
    }
    if (!moved || !plan) return;
    counts.moved += plan.users;
    counts.tied += users - plan.users + plan.split;
    counts.vaultsMade += moved.madeVault ? 1 : 0;
    counts.collectionsCopied += moved.collections.copied;
    counts.usersMade += moved.usersMade;
    if (plan.split > 0) for (const vaultId of [this.from, to]) this.stale.add(vaultId);
    for (const [table, { rows, sum }] of moved.tables) {
      const total = this.totals.get(table) ?? { rows: 0, sum: 0n };
      this.totals.set(table, { rows: total.rows + rows, sum: total.sum + sum });
    }
  }

  private async readUnowned() {
    const unowned = new Map<string, number>();
    for (const { name } of REHOMED_TABLES) {
      const [{ n }] = await this.database.rows<{ n: number }>(
        `SELECT count(*) AS n FROM ${this.database.table(name)} WHERE "vault_id" = ? AND "user_id" = ''`,
        [this.from],
      );
      if (n > 0) unowned.set(name, n);
    }
    const [{ shares }] = await this.database.rows<{ shares: unknown }>(
      `SELECT "share_unowned" AS "shares" FROM ${this.database.table('vaults')} WHERE "vault_id" = ?`,
      [this.from],
    );
    return { unowned, sharesUnowned: Boolean(shares) };
  }
}

const NO_COLLECTIONS = { collections: { copied: 0, moved: 0, others: 0 } };

/** @throws MigrationRefusedError naming a table of which nobody has said where its rows go */
function refuseUnknown(tables: readonly string[]): void {
  const known = [KEY_TABLE, ...VAULT_TABLES, ...REHOMED_TABLES.map(({ name }) => name)];
  const unknown = tables.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new MigrationRefusedError(`Re-homing does not know these tables: ${unknown.join(', ')}.`);
  }
}
