import 'reflect-metadata';
import {
  Column,
  DeleteDateColumn,
  Entity,
  ForeignKey,
  Index,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  PrimaryColumn,
  Tree,
  TreeParent,
  Unique,
} from 'typeorm';
import { describe, expect, it } from 'vitest';
import { Expiring, Owned, ServiceOnly, Tenant } from '../../src/tenancy/tenant.decorators.js';
import { TenantDataSource } from '../../src/tenancy/tenant-data-source.js';

@Tenant()
@Entity()
class Good {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;

  @PrimaryColumn('text')
  id: string;
}

@Entity()
class OfNobody {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;
}

@Tenant()
@Entity()
class WithoutVault {
  @PrimaryColumn('text')
  id: string;
}

@Tenant()
@Entity()
class VaultSecond {
  @PrimaryColumn('text')
  id: string;

  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;
}

@Tenant()
@Entity()
class VaultOutsideTheKey {
  @Column('text', { name: 'vault_id' })
  vaultId: string;

  @PrimaryColumn('text')
  id: string;
}

@Tenant()
@Entity()
class VaultByDefault {
  @PrimaryColumn('text', { name: 'vault_id', default: 'A' })
  vaultId: string;
}

@Owned()
@Entity()
class OwnedByNobody {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;
}

@ServiceOnly()
@Expiring()
@Entity()
class ExpiringNever {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;
}

@Tenant()
@Entity()
@Index('ix_other', ['other'])
class IndexAcrossVaults {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;

  @Column('text')
  other: string;
}

@Tenant()
@Entity()
@Unique('ux_other', ['other', 'vaultId'])
class UniqueAcrossVaults {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;

  @Column('text')
  other: string;
}

@Tenant()
@Entity()
@ForeignKey(() => Good, ['vaultId', 'otherVault'], ['id', 'vaultId'], { name: 'fk_crossed' })
class ReferenceAcrossVaults {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;

  @Column('text', { name: 'other_vault' })
  otherVault: string;
}

@Tenant()
@Entity()
class ReferenceSetNull {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;

  @PrimaryColumn('text', { name: 'good_id' })
  goodId: string;

  @ManyToOne(() => Good, { onDelete: 'SET NULL' })
  @JoinColumn([
    { name: 'vault_id', referencedColumnName: 'vaultId' },
    { name: 'good_id', referencedColumnName: 'id' },
  ])
  good: Good;
}

@Tenant()
@Entity()
class ImplicitJunction {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;

  @ManyToMany(() => Good)
  @JoinTable()
  goods: Good[];
}

@Tenant()
@Entity()
class SoftlyDeleted {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;

  @DeleteDateColumn()
  deletedAt: Date;
}

@Tenant()
@Tree('materialized-path')
@Entity()
class Branch {
  @PrimaryColumn('text', { name: 'vault_id' })
  vaultId: string;

  @TreeParent()
  parent: Branch;
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- entity classes of any shape
type EntityClass = Function;

function boot(...entities: EntityClass[]): Promise<TenantDataSource> {
  return new TenantDataSource({ type: 'better-sqlite3', database: ':memory:', entities }).initialize();
}

describe('a data source with tenants does not open', () => {
  it.each<[EntityClass, string]>([
    [OfNobody, 'has none of @Tenant, @Owned, @ServiceOnly'],
    [WithoutVault, 'vault_id must be the first column'],
    [VaultSecond, 'vault_id must be the first column'],
    [VaultOutsideTheKey, 'vault_id must lead the primary key'],
    [VaultByDefault, 'vault_id must be NOT NULL without a default'],
    [OwnedByNobody, 'needs user_id'],
    [ExpiringNever, 'needs expires_at'],
    [IndexAcrossVaults, 'ix_other must begin with vault_id'],
    [UniqueAcrossVaults, 'ux_other must begin with vault_id'],
    [ReferenceAcrossVaults, 'fk_crossed must join vault_id with vault_id'],
    [ReferenceSetNull, 'must CASCADE or take NO ACTION'],
    [ImplicitJunction, 'an implicit many-to-many table has no vault'],
    [SoftlyDeleted, 'soft deletion is not supported'],
    [Branch, 'trees and inheritance are not supported'],
  ])('over %o', async (entity, rule) => {
    await expect(boot(Good, entity)).rejects.toThrow(rule);
  });

  it('over several, and names them all', async () => {
    const boots = boot(Good, OwnedByNobody, ExpiringNever);
    await expect(boots).rejects.toThrow(/owned_by_nobody: needs user_id\n- expiring_never: needs expires_at/);
  });
});

it('an entity is seen in one way', () => {
  class Both {}
  Tenant()(Both);
  expect(() => Owned()(Both)).toThrow('in one way');
});
