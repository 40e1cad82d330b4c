import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';

/** What is known of a user as a whole, beside the memories. */
@Owned()
@Entity('users')
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
}
