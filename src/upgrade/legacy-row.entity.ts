import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ServiceOnly } from '../tenancy/tenant.decorators.js';

/** A row of an older database that has no place in ours, kept as it was. */
@ServiceOnly()
@Entity('legacy_rows')
export class LegacyRow {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_legacy_rows' })
  vaultId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_legacy_rows' })
  id: string;

  @Column('text', { name: 'source_table' })
  sourceTable: string;

  /** Why it is here. */
  @Column('text')
  reason: string;

  /** The row as a JSON object. */
  @Column('text')
  data: string;

  /** When it was put here; ms since 1970. */
  @Column('bigint', { name: 'created_at' })
  createdAt: number;
}
