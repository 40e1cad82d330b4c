import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';

/** What is known of a user as a whole, beside the memories. */
@Owned()
@Entity('users')
@Index('ix_users_stale', ['vaultId', 'userId'], { where: '"summary_stale"' })
export class User {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_users' })
  vaultId: string;

  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'pk_users' })
  userId: string;

  @Column('text', { nullable: true })
  summary: string | null;

  /** Written by a person: regeneration leaves it alone. */
  @Column('boolean', { name: 'summary_manual' })
  summaryManual: boolean;

  @Column('integer', { name: 'reflection_count' })
  reflectionCount: number;

  /** ms since 1970 */
  @Column('bigint', { name: 'created_at' })
  createdAt: number;

  @Column('bigint', { name: 'updated_at' })
  updatedAt: number;

  /** The memories have changed since the summary was made; never so for one written by a person. */
  @Column('boolean', { name: 'summary_stale' })
  summaryStale: boolean;

  /** When the summary was made or written; ms since 1970. Null: there was none yet, or it is to be made anew. */
  @Column('bigint', { name: 'summary_at', nullable: true })
  summaryAt: number | null;
}
