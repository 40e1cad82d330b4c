import type { INestApplicationContext } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { In, type ObjectLiteral, type Repository } from 'typeorm';
import { Collection } from '../../collections/collection.entity.js';
import { Fact } from '../../facts/fact.entity.js';
import { Memory } from '../../memories/memory.entity.js';
import { RecallIndex } from '../../recall/recall-index.js';
import { ScopeRow } from '../../recall/scope.entity.js';
import { Tenancy } from '../../tenancy/tenancy.js';
import type { TenantDataSource } from '../../tenancy/tenant-data-source.js';
import { UserMarks } from '../../users/user-marks.js';
import { User } from '../../users/user.entity.js';
import { Vault } from '../../vaults/vault.entity.js';
import { RESERVED_TYPES } from '../../waypoints/waypoint-types.js';
import { Waypoint } from '../../waypoints/waypoint.entity.js';
import { inVault } from '../import/import-run.js';
import { LegacyRow } from '../legacy-row.entity.js';
import { SEEDED_AT, type SampleRows, sampleRows } from './sample-rows.js';
import type { SeedCounts } from './seeder.js';

/** What became of the sample data. */
export interface RemovalReport {
  readonly removed: SeedCounts & { readonly vault: boolean };
  /** Waypoints that the service had made to and from removed memories, which went with them. */
  readonly automatic: number;
  /** What stays, and why. */
  readonly kept: readonly { readonly what: string; readonly why: string }[];
}

/**
 * Takes the sample data out of a vault: what is as it was put there. What somebody has changed since or added stays,
 * and what that hangs on. All of it happens, or nothing.
 */
export function removeSeed(app: INestApplicationContext, vaultId: string): Promise<RemovalReport> {
  return inVault(vaultId, () => app.get(Tenancy).transaction(() => new SeedRemoval(app).run()));
}

class SeedRemoval {
  private readonly dataSource: TenantDataSource;
  private readonly rows: SampleRows = sampleRows();
  private readonly kept: { what: string; why: string }[] = [];

  constructor(private readonly app: INestApplicationContext) {
    this.dataSource = app.get<TenantDataSource>(getDataSourceToken());
  }

  async run(): Promise<RemovalReport> {
    const ids = this.rows.memories.map(({ id }) => id);
    const here = new Map(
      (await this.of(Memory).find({ where: { id: In(ids) } })).map((one) => [one.id, one]),
    );
    const waypoints = await this.of(Waypoint).find({ where: [{ srcId: In(ids) }, { dstId: In(ids) }] });
    const ours = new Set(waypoints.filter((one) => this.isOurs(one)));
    const held = await this.held(waypoints.filter((one) => !ours.has(one)));
    const going: Memory[] = [];
    for (const sample of this.rows.memories) {
      const memory = here.get(sample.id);
      if (!memory) continue;
      const why = isSame(sample, memory) ? held.get(sample.id) : 'it has been changed';
      if (why === undefined) going.push(memory);
      else this.kept.push({ what: `memory ${sample.id}`, why });
    }
    for (const { srcId, dstId, type } of ours) await this.of(Waypoint).delete({ srcId, dstId, type });
    const gone = new Set(going.map(({ id }) => id));
    const automatic = waypoints.filter(
      (one) => !ours.has(one) && (gone.has(one.srcId) || gone.has(one.dstId)),
    ).length;
    await this.removeMemories(going);
    const collections = await this.removeCollections();
    const users = await this.removeUsers(going);
    const removed = { memories: going.length, waypoints: ours.size, collections, users };
    return { removed: { ...removed, vault: await this.removeVault() }, automatic, kept: this.kept };
  }

  private isOurs(waypoint: Waypoint): boolean {
    return this.rows.waypoints.some((sample) => isSame(sample, waypoint));
  }

  /** Memories that something of somebody's hangs on, each with what it is. */
  private async held(others: readonly Waypoint[]): Promise<Map<string, string>> {
    const held = new Map<string, string>();
    for (const { srcId, dstId, type } of others) {
      if (RESERVED_TYPES.includes(type)) continue;
      for (const id of [srcId, dstId])
        held.set(id, `a waypoint of the type ${JSON.stringify(type)} is at it`);
    }
    const ids = this.rows.memories.map(({ id }) => id);
    for (const { memoryId } of await this.of(LegacyRow).find({ where: { memoryId: In(ids) } })) {
      held.set(memoryId!, 'a row of an import speaks of it');
    }
    return held;
  }

  private async removeMemories(memories: readonly Memory[]): Promise<void> {
    const owners = [...new Set(memories.map(({ userId }) => userId))].sort();
    for (const owner of owners) {
      const own = memories.filter(({ userId }) => userId === owner);
      const index = this.app.get(RecallIndex);
      await index.remove(
        owner,
        own.map(({ position }) => position),
      );
      await this.of(Memory).delete({ id: In(own.map(({ id }) => id)) });
    }
    await this.app.get(UserMarks).bereft(owners);
  }

  private async removeCollections(): Promise<number> {
    let removed = 0;
    for (const sample of this.rows.collections) {
      const { name } = sample;
      const collection = await this.of(Collection).findOneBy({ name });
      if (!collection) continue;
      const why = !isSame(sample, collection)
        ? 'it has been changed'
        : (await this.isNamed(name))
          ? 'something is in it'
          : undefined;
      if (why === undefined) removed += (await this.of(Collection).delete({ name })).affected ?? 0;
      else this.kept.push({ what: `collection ${name}`, why });
    }
    return removed;
  }

  private async isNamed(collection: string): Promise<boolean> {
    return (await this.of(Memory).existsBy({ collection })) || (await this.of(Fact).existsBy({ collection }));
  }

  /** Users that the sample data brought, and of whom nothing is left. */
  private async removeUsers(memories: readonly Memory[]): Promise<number> {
    let removed = 0;
    for (const { userId } of this.rows.users) {
      const user = await this.of(User).findOneBy({ userId });
      if (user?.createdAt !== SEEDED_AT) continue;
      const why = user.summaryManual
        ? 'somebody has written about them'
        : (await this.of(Memory).existsBy({ userId })) || (await this.of(Fact).existsBy({ userId }))
          ? 'something of theirs is left'
          : undefined;
      if (why !== undefined) this.kept.push({ what: `user ${userId}`, why });
      else {
        removed += (await this.of(User).delete({ userId })).affected ?? 0;
        await this.of(ScopeRow).delete({ userId });
      }
    }
    const wasNobodys = memories.some(({ userId }) => userId === '');
    // An index that holds nothing any more.
    if (wasNobodys && !(await this.of(Memory).existsBy({ userId: '' })))
      await this.of(ScopeRow).delete({ userId: '' });
    return removed;
  }

  /** The vault itself, where the sample data made it and nothing is left in it. */
  private async removeVault(): Promise<boolean> {
    const vaults = this.of(Vault);
    const vault = await vaults.findOneBy({});
    if (vault?.createdAt !== SEEDED_AT) return false;
    const left: [table: string, rows: number][] = [];
    for (const { target, tableName } of this.dataSource.entityMetadatas) {
      const rows = target === Vault ? 0 : await this.dataSource.getRepository(target).count();
      if (rows > 0) left.push([tableName, rows]);
    }
    if (left.length > 0 || vault.updatedAt !== SEEDED_AT || vault.status !== 'active') {
      const what = left.map(([table, n]) => `${table} ${n}`).join(', ');
      this.kept.push({
        what: `vault ${vault.vaultId}`,
        why: what === '' ? 'it has been changed' : `it holds ${what}`,
      });
      return false;
    }
    await vaults.delete({ vaultId: vault.vaultId });
    return true;
  }

  private of<Entity extends ObjectLiteral>(entity: new () => Entity): Repository<Entity> {
    return this.dataSource.getRepository(entity);
  }
}

/** Whether a row still has every value that it was put there with. */
function isSame(sample: ObjectLiteral, row: ObjectLiteral): boolean {
  return Object.entries(sample).every(([name, value]) => row[name] === value);
}
