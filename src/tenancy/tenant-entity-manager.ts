import {
  EntityManager,
  type EntityTarget,
  type ObjectLiteral,
  type QueryRunner,
  type SaveOptions,
  type DeepPartial,
} from 'typeorm';
import { TenantContext } from './tenant-context.js';
import type { TenantDataSource } from './tenant-data-source.js';
import { tenancyOf } from './tenant.decorators.js';

/** TypeORM's manager, with transactions that are units of work and new entities that know their vault. */
export class TenantEntityManager extends EntityManager {
  constructor(
    private readonly tenants: TenantDataSource,
    queryRunner?: QueryRunner,
  ) {
    super(tenants, queryRunner);
  }

  override transaction<T>(
    isolationOrFn: unknown,
    maybeFn?: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const fn = (maybeFn ?? isolationOrFn) as (manager: EntityManager) => Promise<T>;
    return this.tenants.unitOfWork(fn);
  }

  // The signatures of TypeORM's overloads are kept by casting: what is given is passed on as it is.
  override save<Entity, T extends DeepPartial<Entity>>(...given: unknown[]): Promise<T & Entity> {
    const [first, second] = given;
    const target = typeof first === 'function' || typeof first === 'string' ? first : undefined;
    const entities: unknown = target ? second : first;
    for (const entity of Array.isArray(entities) ? entities : [entities])
      this.stamp(entity, target as EntityTarget<ObjectLiteral>);
    const save = super.save.bind(this) as (...args: unknown[]) => Promise<T & Entity>;
    return save(...(given as [EntityTarget<Entity>, T, SaveOptions]));
  }

  /** Completes the key of a new entity, so that TypeORM looks for it before it inserts. */
  private stamp(entity: unknown, target: EntityTarget<ObjectLiteral> | undefined): void {
    if (typeof entity !== 'object' || entity === null) return;
    const owner = target ?? (entity.constructor as EntityTarget<ObjectLiteral>);
    if (!this.dataSource.hasMetadata(owner)) return;
    const metadata = this.dataSource.getMetadata(owner);
    const tenancy = tenancyOf(metadata);
    if (!tenancy) return;
    const { vaultId, userId } = TenantContext.scope();
    const fields = entity as ObjectLiteral;
    fields.vaultId ??= vaultId;
    const keyHoldsUser = metadata.primaryColumns.some(({ databaseName }) => databaseName === 'user_id');
    if (keyHoldsUser && tenancy.visibility === 'owned' && userId !== undefined) fields.userId ??= userId;
  }
}
