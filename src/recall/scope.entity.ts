import { randomInt } from 'node:crypto';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Owned } from '../tenancy/tenant.decorators.js';

/** The recall index of one owner: its counters. A writer locks it before it takes a position. */
@Owned()
@Entity('scopes')
export class ScopeRow {
  @PrimaryColumn('text', { name: 'vault_id', update: false, primaryKeyConstraintName: 'pk_scopes' })
  vaultId: string;

  /** Empty: the vault's rows without an owner. */
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'pk_scopes' })
  userId: string;

  /** The position the next memory gets. */
  @Column('integer', { name: 'next_position' })
  nextPosition: number;

  /** Living memories. */
  @Column('integer', { name: 'memory_count' })
  memoryCount: number;

  /** Terms of the living memories, repeats included. */
  @Column('bigint', { name: 'term_count' })
  termCount: number;

  /** The version of the indexing rules its blocks were written by; 0: not indexed yet. */
  @Column('integer', { name: 'index_version' })
  indexVersion: number;

  /**
   * Counts how often what its blocks hold was changed or taken away; adding memories behind them does not count.
   * Who knows this and the next position knows what is in the index.
   */
  @Column('bigint')
  revision: number;
}

/** Where `revision` begins, by chance: an owner who was erased and comes back must not meet the numbers of before. */
export function firstRevision(): number {
  return randomInt(2 ** 48 - 1);
}
