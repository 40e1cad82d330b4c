import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ServiceOnly } from '../tenancy/tenant.decorators.js';

/** One run of an importer, or the adoption of an older database. */
@ServiceOnly()
@Entity('imports')
export class ImportRun {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_imports' })
  vaultId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_imports' })
  id: string;

  @Column('text')
  source: string;

  @Column('text')
  state: string;

  /** JSON object: what was read, stored, refused. */
  @Column('text')
  counts: string;

  /** ms since 1970 */
  @Column('bigint', { name: 'started_at' })
  startedAt: number;

  @Column('bigint', { name: 'finished_at', nullable: true })
  finishedAt: number | null;
}
