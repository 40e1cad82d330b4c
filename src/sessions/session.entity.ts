import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';

/** A conversation of one owner: the memories that name it, counted and dated. */
@Owned()
@Entity('sessions')
export class Session {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_sessions' })
  vaultId: string;

  /** Empty: no owner. */
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'pk_sessions' })
  userId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_sessions' })
  id: string;

  @Column('integer', { name: 'memory_count' })
  memoryCount: number;

  /** ms since 1970, of its first and last memory */
  @Column('bigint', { name: 'first_at' })
  firstAt: number;

  @Column('bigint', { name: 'last_at' })
  lastAt: number;

  /** JSON object. */
  @Column('text')
  metadata: string;
}
