import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { Owned } from '../tenancy/tenant.decorators.js';

/** A directed, weighted edge from one memory to another. */
@Owned()
@Entity('waypoints', { withoutRowid: true })
@Index('ix_waypoints_dst', ['vaultId', 'dstId'])
export class Waypoint {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_waypoints' })
  vaultId: string;

  @PrimaryColumn('text', { name: 'src_id', primaryKeyConstraintName: 'pk_waypoints' })
  srcId: string;

  @PrimaryColumn('text', { name: 'dst_id', primaryKeyConstraintName: 'pk_waypoints' })
  dstId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_waypoints' })
  type: string;

  /** Empty: no owner. */
  @Column('text', { name: 'user_id' })
  userId: string;

  @Column('double precision')
  weight: number;

  /** JSON object. */
  @Column('text')
  metadata: string;

  /** ms since 1970 */
  @Column('bigint', { name: 'created_at' })
  createdAt: number;

  @Column('bigint', { name: 'updated_at' })
  updatedAt: number;

  @ManyToOne(() => Memory, (memory) => memory.outgoing, {
    nullable: false,
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
    orphanedRowAction: 'disable',
  })
  @JoinColumn([
    { name: 'vault_id', referencedColumnName: 'vaultId', foreignKeyConstraintName: 'fk_waypoints_src' },
    { name: 'src_id', referencedColumnName: 'id', foreignKeyConstraintName: 'fk_waypoints_src' },
  ])
  src?: Relation<Memory>;

  @ManyToOne(() => Memory, (memory) => memory.incoming, {
    nullable: false,
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
    orphanedRowAction: 'disable',
  })
  @JoinColumn([
    { name: 'vault_id', referencedColumnName: 'vaultId', foreignKeyConstraintName: 'fk_waypoints_dst' },
    { name: 'dst_id', referencedColumnName: 'id', foreignKeyConstraintName: 'fk_waypoints_dst' },
  ])
  dst?: Relation<Memory>;
}
