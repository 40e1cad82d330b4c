import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, type EntityMetadata, In, type ObjectLiteral, type Repository } from 'typeorm';
import { VerifiedKeys } from '../auth/verified-keys.js';
import type { Memory } from '../memories/memory.entity.js';
import { MemoryRemover } from '../memories/memory-remover.js';
import { ScopeRow } from '../recall/scope.entity.js';
import { TermBlock } from '../recall/term-block.entity.js';
import { VaultlessTokens } from '../rollout/vaultless-tokens.js';
import { Stat } from '../stats/stat.entity.js';
import { StatsCounter } from '../stats/stats-counter.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { type ErasurePlan, keyOf, planErasure } from './erasure-plan.js';
import { UserMentions } from './user-mentions.js';
import { User } from './user.entity.js';
import { pause } from '../operations/vault-timers.js';

/** Rows erased, or looked at, in one unit of work: so that others' writes get their turn. */
const CHUNK = 200;

/**
 * What goes in one unit of work with the user's last memory: a memory that is added meanwhile finds its index and
 * its user, or makes both anew.
 */
const LAST: ReadonlySet<unknown> = new Set([TermBlock, ScopeRow, User]);

/** Rows erased, by table. */
type Counts = Record<string, number>;

/**
 * Erases everything of one user of a vault, table by table, as the entities say where rows of users are. It may be
 * interrupted at any time and begun again: until the last unit of work the user is there with what is left.
 */
@Injectable()
export class UserErasure {
  private readonly plan: ErasurePlan;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly remover: MemoryRemover,
    private readonly mentions: UserMentions,
    private readonly stats: StatsCounter,
    private readonly vaultless: VaultlessTokens,
    private readonly keys: VerifiedKeys,
    private readonly tenancy: Tenancy,
  ) {
    this.plan = planErasure(dataSource.entityMetadatas);
  }

  /**
   * @param userId the caller's to name
   * @returns the rows erased from every table that holds rows of users, but for the counts of what was asked and
   *   done: those are kept only while the vault exists, and whether it does is perhaps another user's doing
   */
  async erase(userId: string): Promise<Counts> {
    const { memories, byOwner, anywhere, dependents } = this.plan;
    const dependent = [...dependents.values()].flat().map(({ entity }) => entity);
    const counts: Counts = {};
    for (const entity of [memories, ...byOwner, ...anywhere, ...dependent]) add(counts, entity, 0);
    // Tables of the service are closed to users, and what has expired is to go as well.
    await TenantContext.asVault(async () => {
      for (const entity of anywhere) await this.walk(entity, userId, counts);
      await this.mentions.erase(userId, counts);
      while (!(await this.tenancy.transaction(() => this.eraseSome(userId, counts)))) await pause();
    });
    return counts;
  }

  /** @returns whether nothing is left */
  private async eraseSome(userId: string, counts: Counts): Promise<boolean> {
    if ((await this.eraseMemories(userId, counts)) === CHUNK) return false;
    const { byOwner } = this.plan;
    for (const entity of byOwner.filter(({ target }) => !LAST.has(target))) {
      if ((await this.eraseOwned(entity, userId, counts)) === CHUNK) return false;
    }
    await this.vaultless.forgetUser(userId);
    this.tenancy.afterCommit(() => {
      this.stats.forget(userId);
      this.keys.forget();
    });
    for (const target of LAST) {
      const entity = byOwner.find((one) => one.target === target)!;
      add(counts, entity, (await this.rowsOf(entity).delete({ userId })).affected ?? 0);
    }
    return true;
  }

  private async eraseMemories(userId: string, counts: Counts): Promise<number> {
    const { memories } = this.plan;
    const found = await this.rowsOf(memories)
      .createQueryBuilder('m')
      .select('m.id', 'id')
      .addSelect('m.userId', 'userId')
      .addSelect('m.position', 'position')
      .where('m.userId = :userId', { userId })
      .orderBy('m.position', 'ASC')
      .limit(CHUNK)
      .getRawMany<Pick<Memory, 'id' | 'userId' | 'position'>>();
    if (found.length === 0) return 0;
    const ids = found.map(({ id }) => id);
    await this.countDependents(memories, ids, userId, counts);
    await this.remover.remove(found, 'delete');
    add(counts, memories, found.length);
    return found.length;
  }

  private async eraseOwned(entity: EntityMetadata, userId: string, counts: Counts): Promise<number> {
    const rows = this.rowsOf(entity);
    const key = keyOf(entity);
    const query = rows.createQueryBuilder('r').select([]).where('r.userId = :userId', { userId });
    for (const name of key) query.addSelect(`r.${name}`, name);
    const found = await query.limit(CHUNK).getRawMany<ObjectLiteral>();
    if (found.length === 0) return 0;
    const ids = found.map((row) => row.id as string);
    await this.countDependents(entity, ids, userId, counts);
    const these =
      key.join() === 'id'
        ? { id: In(ids) }
        : found.map((row) => Object.fromEntries(key.map((name) => [name, row[name]])));
    const { affected } = await rows.delete(these);
    // Adopted rows may have keys that cannot be named as they are, such as a time beyond 2^53.
    if ((affected ?? 0) < found.length) await rows.delete({ userId });
    add(counts, entity, found.length);
    return found.length;
  }

  /** What will go with rows of `parent`, by its ON DELETE CASCADE. */
  private async countDependents(
    parent: EntityMetadata,
    ids: readonly string[],
    userId: string,
    counts: Counts,
  ): Promise<void> {
    for (const { entity, references } of this.plan.dependents.get(parent.tableName) ?? []) {
      const where = references.map((name) => ({ [name]: In([...ids]), userId }));
      add(counts, entity, await this.rowsOf(entity).count({ where }));
    }
  }

  /** Through the whole vault's rows, in the order of their ids. */
  private async walk(entity: EntityMetadata, userId: string, counts: Counts): Promise<void> {
    const rows = this.rowsOf(entity);
    for (let last = ''; ;) {
      const page = await rows
        .createQueryBuilder('r')
        .select('r.id', 'id')
        .addSelect('r.userId', 'userId')
        .where('r.id > :last', { last })
        .orderBy('r.id', 'ASC')
        .limit(CHUNK)
        .getRawMany<{ id: string; userId: string }>();
      const own = page.filter((row) => row.userId === userId).map((row) => row.id);
      if (own.length > 0) add(counts, entity, (await rows.delete({ id: In(own) })).affected ?? 0);
      if (page.length < CHUNK) return;
      last = page[page.length - 1].id;
      await pause();
    }
  }

  private rowsOf({ target }: EntityMetadata): Repository<ObjectLiteral> {
    return this.dataSource.getRepository(target);
  }
}

function add(counts: Counts, { target, tableName }: EntityMetadata, rows: number): void {
  if (target !== Stat) counts[tableName] = (counts[tableName] ?? 0) + rows;
}
