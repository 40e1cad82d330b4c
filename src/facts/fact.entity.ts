import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';

/** A statement that holds from one time to another. */
@Owned()
@Entity('facts')
@Index('ix_facts_subject', ['vaultId', 'userId', 'subject', 'predicate', 'validFrom'])
export class Fact {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_facts' })
  vaultId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_facts' })
  id: string;

  /** Empty: no owner. */
  @Column('text', { name: 'user_id' })
  userId: string;

  @Column('text', { nullable: true })
  collection: string | null;

  @Column('text')
  subject: string;

  @Column('text')
  predicate: string;

  @Column('text')
  object: string;

  /** ms since 1970 */
  @Column('bigint', { name: 'valid_from' })
  validFrom: number;

  /** null: still holds */
  @Column('bigint', { name: 'valid_to', nullable: true })
  validTo: number | null;

  /** 0 to 1 */
  @Column('double precision')
  confidence: number;

  /** JSON object. */
  @Column('text')
  metadata: string;

  @Column('bigint', { name: 'last_updated' })
  lastUpdated: number;
}
