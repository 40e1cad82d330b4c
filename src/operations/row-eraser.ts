import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityMetadata } from 'typeorm';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { TenantDataSource } from '../tenancy/tenant-data-source.js';
import { tenancyOf } from '../tenancy/tenant.decorators.js';

/** Rows deleted in one transaction, after which others get their turn. */
const CHUNK = 500;

/**
 * Deletes everything that the running scope owns: of a user scope the user's rows, of a service scope the
 * vault's. The tables are found from the entities, so a new one cannot be forgotten.
 */
@Injectable()
export class RowEraser {
  constructor(
    @InjectDataSource() private readonly dataSource: TenantDataSource,
    private readonly tenancy: Tenancy,
  ) {}

  /**
   * Deletes in chunks, a transaction each, the rows that refer to others before those; what is written
   * meanwhile behind its back stays.
   *
   * @param spared tables that are left alone
   * @returns how many rows of each table were deleted
   */
  async erase(spared: readonly string[] = []): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const metadata of this.tables()) {
      if (spared.includes(metadata.tableName)) continue;
      let deleted = 0;
      for (let chunk = CHUNK; chunk === CHUNK; deleted += chunk) {
        chunk = await this.tenancy.transaction(() => this.eraseSome(metadata));
        await nextTurn();
      }
      counts[metadata.tableName] = deleted;
    }
    return counts;
  }

  /** The tables with rows of this scope's own, those that refer to others first. */
  private tables(): EntityMetadata[] {
    const isUser = TenantContext.scope().userId !== undefined;
    const own = this.dataSource.entityMetadatas.filter((metadata) => {
      const visibility = tenancyOf(metadata)?.visibility;
      return isUser ? visibility === 'owned' : visibility !== undefined;
    });
    const sorted: EntityMetadata[] = [];
    const visit = (metadata: EntityMetadata): void => {
      if (sorted.includes(metadata)) return;
      for (const other of own) {
        if (other !== metadata && refersTo(other, metadata)) visit(other);
      }
      sorted.push(metadata);
    };
    own.forEach(visit);
    return sorted;
  }

  /** @returns how many rows were deleted; fewer than a chunk: these were the last */
  private async eraseSome(metadata: EntityMetadata): Promise<number> {
    const repository = this.dataSource.getRepository(metadata.target);
    // The vault is in the condition already.
    const key = metadata.primaryColumns.slice(1);
    const query = repository.createQueryBuilder('r').select([]);
    if (key.length === 0) query.addSelect('r.vaultId', 'k0');
    key.forEach(({ propertyName }, i) => query.addSelect(`r.${propertyName}`, `k${i}`));
    // Only what is the user's own: rows that belong to nobody may be shared, and are not theirs to delete.
    const { userId } = TenantContext.scope();
    if (userId !== undefined) query.where('r.userId = :own', { own: userId });
    const rows = await query.limit(CHUNK).getRawMany<Record<string, string | number>>();
    if (rows.length === 0) return 0;
    const deletion = repository.createQueryBuilder().delete();
    if (key.length > 0) {
      const parameters: Record<string, string | number> = {};
      const tuples = rows.map((row, at) => {
        const names = key.map((_, i) => {
          parameters[`k${i}_${at}`] = row[`k${i}`];
          return `:k${i}_${at}`;
        });
        return names;
      });
      const columns = key.map(({ databaseName }) => this.dataSource.driver.escape(databaseName));
      deletion.where(this.dataSource.isOneOf(columns, tuples), parameters);
    }
    await deletion.execute();
    return rows.length;
  }
}

function refersTo(from: EntityMetadata, to: EntityMetadata): boolean {
  return from.foreignKeys.some(({ referencedEntityMetadata }) => referencedEntityMetadata === to);
}
