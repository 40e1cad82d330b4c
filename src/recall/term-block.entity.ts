import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';
import { ScopeRow } from './scope.entity.js';

/** The terms of a run of consecutive memories of one owner. */
@Owned()
@Entity('term_blocks')
@ForeignKey(() => ScopeRow, ['vaultId', 'userId'], ['vaultId', 'userId'], {
  name: 'fk_term_blocks_scope',
  onDelete: 'CASCADE',
  onUpdate: 'NO ACTION',
})
export class TermBlock {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_term_blocks' })
  vaultId: string;

  /** Empty: no owner. */
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'pk_term_blocks' })
  userId: string;

  @PrimaryColumn('integer', { name: 'block_no', primaryKeyConstraintName: 'pk_term_blocks' })
  blockNo: number;

  @Column('integer', { name: 'first_position' })
  firstPosition: number;

  /** Memories in it, deleted ones included. */
  @Column('integer')
  slots: number;

  @Column('blob')
  data: Buffer;
}
