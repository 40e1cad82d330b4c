import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';

/** The answer that a repeated request with the same Idempotency-Key gets again. */
@Owned()
@Entity('idempotency')
@Index('ix_idempotency_created', ['vaultId', 'createdAt'])
export class IdempotencyRecord {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_idempotency' })
  vaultId: string;

  /** Empty: the vault's own service. */
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'pk_idempotency' })
  userId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_idempotency' })
  method: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_idempotency' })
  path: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_idempotency' })
  key: string;

  /** SHA-256 of the request's body, in hex. */
  @Column('text', { name: 'body_hash' })
  bodyHash: string;

  /** HTTP status of the answer. */
  @Column('integer')
  status: number;

  /** The answer's body. */
  @Column('text')
  answer: string;

  /** ms since 1970 */
  @Column('bigint', { name: 'created_at' })
  createdAt: number;
}
