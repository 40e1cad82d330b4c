import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';
import { Memory } from './memory.entity.js';

/** What a memory said before it was changed. */
@Owned()
@Entity('memory_versions')
export class MemoryVersion {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_memory_versions' })
  vaultId: string;

  @PrimaryColumn('text', { name: 'memory_id', primaryKeyConstraintName: 'pk_memory_versions' })
  memoryId: string;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'pk_memory_versions' })
  version: number;

  /** Empty: no owner. */
  @Column('text', { name: 'user_id' })
  userId: string;

  @Column('text')
  content: string;

  @Column('text', { name: 'primary_sector' })
  primarySector: string;

  /** JSON array of sector names. */
  @Column('text')
  sectors: string;

  /** JSON array of strings. */
  @Column('text')
  tags: string;

  /** JSON object. */
  @Column('text')
  metadata: string;

  /** When this version was written; ms since 1970. */
  @Column('bigint', { name: 'updated_at' })
  updatedAt: number;

  /** When the next version took its place; ms since 1970. */
  @Column('bigint', { name: 'replaced_at' })
  replacedAt: number;

  @ManyToOne(() => Memory, (memory) => memory.versions, {
    nullable: false,
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
    orphanedRowAction: 'disable',
  })
  @JoinColumn([
    {
      name: 'vault_id',
      referencedColumnName: 'vaultId',
      foreignKeyConstraintName: 'fk_memory_versions_memory',
    },
    { name: 'memory_id', referencedColumnName: 'id', foreignKeyConstraintName: 'fk_memory_versions_memory' },
  ])
  memory?: Relation<Memory>;
}
