import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { ServiceOnly } from '../tenancy/tenant.decorators.js';
import { Vault } from './vault.entity.js';

/** A key of a client that cannot mint tokens. Only the hash of its secret is kept. */
@ServiceOnly()
@Entity('api_keys')
@ForeignKey(() => Vault, ['vaultId'], ['vaultId'], {
  name: 'fk_api_keys_vault',
  onDelete: 'NO ACTION',
  onUpdate: 'NO ACTION',
})
export class ApiKey {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_api_keys' })
  vaultId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_api_keys' })
  id: string;

  /** The user it speaks for; empty: the whole vault. */
  @Column('text', { name: 'user_id' })
  userId: string;

  @Column('text')
  name: string;

  @Column('text', { name: 'secret_hash' })
  secretHash: string;

  /** JSON array of permissions. */
  @Column('text')
  permissions: string;

  /** ms since 1970 */
  @Column('bigint', { name: 'created_at' })
  createdAt: number;

  @Column('bigint', { name: 'expires_at', nullable: true })
  expiresAt: number | null;

  @Column('bigint', { name: 'revoked_at', nullable: true })
  revokedAt: number | null;

  @Column('bigint', { name: 'last_used_at', nullable: true })
  lastUsedAt: number | null;
}
