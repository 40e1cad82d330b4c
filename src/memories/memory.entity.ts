import { Column, Entity, ForeignKey, Index, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { VectorRow } from '../embeddings/vector.entity.js';
import { Expiring, Owned } from '../tenancy/tenant.decorators.js';
import { Vault } from '../vaults/vault.entity.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';
import { MemoryVersion } from './memory-version.entity.js';

/** Something an agent has learnt. */
@Owned()
@Expiring()
@Entity('memories')
@ForeignKey(() => Vault, ['vaultId'], ['vaultId'], {
  name: 'fk_memories_vault',
  onDelete: 'NO ACTION',
  onUpdate: 'NO ACTION',
})
@Index('ux_memories_position', ['vaultId', 'userId', 'position'], { unique: true })
@Index('ix_memories_owner_created', ['vaultId', 'userId', 'createdAt', 'id'])
@Index('ix_memories_created', ['vaultId', 'createdAt', 'id'])
@Index('ix_memories_content_hash', ['vaultId', 'userId', 'contentHash'])
@Index('ix_memories_session', ['vaultId', 'sessionId', 'createdAt'], { where: '"session_id" IS NOT NULL' })
@Index('ix_memories_collection', ['vaultId', 'collection', 'createdAt'], {
  where: '"collection" IS NOT NULL',
})
@Index('ix_memories_owner_expires', ['vaultId', 'userId', 'expiresAt'], {
  where: '"expires_at" IS NOT NULL',
})
@Index('ix_memories_owner_session', ['vaultId', 'userId', 'sessionId', 'createdAt', 'id'], {
  where: '"session_id" IS NOT NULL',
})
@Index('ix_memories_expires', ['vaultId', 'expiresAt'], { where: '"expires_at" IS NOT NULL' })
export class Memory {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_memories' })
  vaultId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_memories' })
  id: string;

  /** Empty: no owner. */
  @Column('text', { name: 'user_id' })
  userId: string;

  @Column('text', { nullable: true })
  collection: string | null;

  @Column('text', { name: 'session_id', nullable: true })
  sessionId: string | null;

  /** Arrival order among the memories of the same owner; never reused. */
  @Column('integer')
  position: number;

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

  /** SHA-256 of the content (UTF-8), in hex. */
  @Column('text', { name: 'content_hash' })
  contentHash: string;

  /** 0 to 1, as of `lastSeenAt`; decays by `decayLambda` a day, computed when read. */
  @Column('double precision')
  salience: number;

  @Column('double precision', { name: 'decay_lambda' })
  decayLambda: number;

  /** ms since 1970 */
  @Column('bigint', { name: 'last_seen_at' })
  lastSeenAt: number;

  /** Counts the changes, from 1. */
  @Column('integer')
  version: number;

  @Column('bigint', { name: 'created_at' })
  createdAt: number;

  @Column('bigint', { name: 'updated_at' })
  updatedAt: number;

  /** From then on it does not exist. */
  @Column('bigint', { name: 'expires_at', nullable: true })
  expiresAt: number | null;

  @OneToMany(() => MemoryVersion, (version) => version.memory)
  versions?: Relation<MemoryVersion[]>;

  @OneToMany(() => VectorRow, (vector) => vector.memory)
  vectors?: Relation<VectorRow[]>;

  /** Waypoints that start here. */
  @OneToMany(() => Waypoint, (waypoint) => waypoint.src)
  outgoing?: Relation<Waypoint[]>;

  /** Waypoints that lead here. */
  @OneToMany(() => Waypoint, (waypoint) => waypoint.dst)
  incoming?: Relation<Waypoint[]>;
}
