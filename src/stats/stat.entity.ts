import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';

/** A counted event. */
@Owned()
@Entity('stats')
export class Stat {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_stats' })
  vaultId: string;

  /** Empty: no owner. */
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'pk_stats' })
  userId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_stats' })
  type: string;

  /** ms since 1970 */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'pk_stats' })
  ts: number;

  /** What it is counted by besides, as JSON; empty: nothing. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_stats' })
  dims: string;

  @Column('bigint')
  count: number;
}
