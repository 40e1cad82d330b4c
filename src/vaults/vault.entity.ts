import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Tenant } from '../tenancy/tenant.decorators.js';

export type VaultStatus = 'active' | 'suspended' | 'erasing' | 'erased';

/** An organisation. Its row is made at its first write; an erased vault stays as a tombstone. */
@Tenant()
@Entity('vaults')
export class Vault {
  /** See `isVaultId`. */
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_vaults' })
  vaultId: string;

  /** The name it was made from, where that differs from the id. */
  @Column('text')
  name: string;

  @Column('text')
  status: VaultStatus;

  /** Whether every user of the vault sees the rows that have no owner. */
  @Column('boolean', { name: 'share_unowned' })
  shareUnowned: boolean;

  /** ms since 1970 */
  @Column('bigint', { name: 'created_at' })
  createdAt: number;

  @Column('bigint', { name: 'updated_at' })
  updatedAt: number;

  @Column('bigint', { name: 'erased_at', nullable: true })
  erasedAt: number | null;
}
