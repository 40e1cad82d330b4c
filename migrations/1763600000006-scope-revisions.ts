import type { QueryRunner } from 'typeorm';
import { type Addition, add, remove } from './additions.js';
import type { ChainStep } from './chain-step.js';
import { vaultTable } from './vault-tables.js';

const ADDITIONS: readonly Addition[] = [
  { table: 'scopes', columns: [{ column: 'revision bigint', value: '0' }] },
];

/** Tells searches whether what they have read of an owner's recall index is still true. */
export class ScopeRevisions1763600000006 implements ChainStep {
  readonly version = '2.3.0';
  readonly title = 'Revisions of the recall index';

  async up(runner: QueryRunner): Promise<void> {
    await add(runner, ADDITIONS, vaultTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    await remove(runner, ADDITIONS, vaultTable);
  }
}
