import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { ServiceOnly } from '../tenancy/tenant.decorators.js';

/** Who did what in a vault. */
@ServiceOnly()
@Entity('audit')
@Index('ix_audit_at', ['vaultId', 'at'])
export class AuditEntry {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_audit' })
  vaultId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_audit' })
  id: string;

  /** Empty: the vault's own service. */
  @Column('text', { name: 'user_id' })
  userId: string;

  /** ms since 1970 */
  @Column('bigint')
  at: number;

  @Column('text')
  action: string;

  @Column('text')
  target: string;

  @Column('text', { name: 'request_id' })
  requestId: string;

  /** JSON object. */
  @Column('text')
  details: string;
}
