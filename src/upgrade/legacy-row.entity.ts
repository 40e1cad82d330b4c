import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { ServiceOnly } from '../tenancy/tenant.decorators.js';

/** A row of an older database that has no place in ours, kept as it was. */
@ServiceOnly()
@Entity('legacy_rows')
@Index('ix_legacy_rows_owner', ['vaultId', 'userId'])
@Index('ix_legacy_rows_memory', ['vaultId', 'memoryId'], { where: '"memory_id" IS NOT NULL' })
export class LegacyRow {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_legacy_rows' })
  vaultId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_legacy_rows' })
  id: string;

  @Column('text', { name: 'source_table' })
  sourceTable: string;

  /** Why it is here. */
  @Column('text')
  reason: string;

  /** The row as a JSON object. */
  @Column('text')
  data: string;

  /** When it was put here; ms since 1970. */
  @Column('bigint', { name: 'created_at' })
  createdAt: number;

  /** Whose it is; empty: nobody's. */
  @Column('text', { name: 'user_id' })
  userId: string;

  /** The memory it belongs to, with which it goes. */
  @Column('text', { name: 'memory_id', nullable: true })
  memoryId: string | null;

  @ManyToOne(() => Memory, {
    nullable: true,
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
    orphanedRowAction: 'disable',
  })
  @JoinColumn([
    { name: 'vault_id', referencedColumnName: 'vaultId', foreignKeyConstraintName: 'fk_legacy_rows_memory' },
    { name: 'memory_id', referencedColumnName: 'id', foreignKeyConstraintName: 'fk_legacy_rows_memory' },
  ])
  memory?: Relation<Memory> | null;
}
