import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { Owned } from '../tenancy/tenant.decorators.js';

/** The embedding of a memory in one sector by one model. */
@Owned()
@Entity('vectors')
export class VectorRow {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_vectors' })
  vaultId: string;

  @PrimaryColumn('text', { name: 'memory_id', primaryKeyConstraintName: 'pk_vectors' })
  memoryId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_vectors' })
  sector: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_vectors' })
  model: string;

  /** Empty: no owner. */
  @Column('text', { name: 'user_id' })
  userId: string;

  /** How many numbers `v` holds. */
  @Column('integer')
  dim: number;

  /** Little-endian float32. */
  @Column('blob')
  v: Buffer;

  @ManyToOne(() => Memory, (memory) => memory.vectors, {
    nullable: false,
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
    orphanedRowAction: 'disable',
  })
  @JoinColumn([
    { name: 'vault_id', referencedColumnName: 'vaultId', foreignKeyConstraintName: 'fk_vectors_memory' },
    { name: 'memory_id', referencedColumnName: 'id', foreignKeyConstraintName: 'fk_vectors_memory' },
  ])
  memory?: Relation<Memory>;
}
