import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Tenant } from '../tenancy/tenant.decorators.js';

/** A named set of memories of a vault. */
@Tenant()
@Entity('collections')
export class Collection {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_collections' })
  vaultId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_collections' })
  name: string;

  @Column('text', { nullable: true })
  description: string | null;

  /** JSON object. */
  @Column('text')
  metadata: string;

  /** ms since 1970 */
  @Column('bigint', { name: 'created_at' })
  createdAt: number;

  @Column('bigint', { name: 'updated_at' })
  updatedAt: number;
}
