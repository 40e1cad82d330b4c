import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';
import { Fact } from './fact.entity.js';

/** A relation between two facts that holds from one time to another. */
@Owned()
@Entity('fact_edges')
@ForeignKey(() => Fact, ['vaultId', 'sourceId'], ['vaultId', 'id'], {
  name: 'fk_fact_edges_source',
  onDelete: 'CASCADE',
  onUpdate: 'NO ACTION',
})
@ForeignKey(() => Fact, ['vaultId', 'targetId'], ['vaultId', 'id'], {
  name: 'fk_fact_edges_target',
  onDelete: 'CASCADE',
  onUpdate: 'NO ACTION',
})
@Index('ix_fact_edges_source', ['vaultId', 'sourceId'])
@Index('ix_fact_edges_target', ['vaultId', 'targetId'])
export class FactEdge {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_fact_edges' })
  vaultId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_fact_edges' })
  id: string;

  /** Empty: no owner. */
  @Column('text', { name: 'user_id' })
  userId: string;

  @Column('text', { name: 'source_id' })
  sourceId: string;

  @Column('text', { name: 'target_id' })
  targetId: string;

  @Column('text', { name: 'relation_type' })
  relationType: string;

  /** ms since 1970 */
  @Column('bigint', { name: 'valid_from' })
  validFrom: number;

  /** null: still holds */
  @Column('bigint', { name: 'valid_to', nullable: true })
  validTo: number | null;

  @Column('double precision')
  weight: number;

  /** JSON object. */
  @Column('text')
  metadata: string;
}
