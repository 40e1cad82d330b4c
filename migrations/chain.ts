import { Adopt1763600000001 } from './1763600000001-adopt.js';
import { Users1763600000002 } from './1763600000002-users.js';
import { Vaults1763600000003 } from './1763600000003-vaults.js';
import { Resources1763600000004 } from './1763600000004-resources.js';
import { LegacyRows1763600000005 } from './1763600000005-legacy-rows.js';
import { ScopeRevisions1763600000006 } from './1763600000006-scope-revisions.js';
import type { ChainStep } from './chain-step.js';

/** Every migration, oldest first. An empty database walks all of them. A new one is added at the end. */
export const chain: readonly (new () => ChainStep)[] = [
  Adopt1763600000001,
  Users1763600000002,
  Vaults1763600000003,
  Resources1763600000004,
  LegacyRows1763600000005,
  ScopeRevisions1763600000006,
];

/** What is known of a migration without running it. */
export interface StepInfo {
  /** The class, as TypeORM's own table names it. */
  readonly name: string;
  readonly version: string;
  readonly title: string;
}

export const steps: readonly StepInfo[] = chain.map((Step) => {
  const { version, title } = new Step();
  return { name: Step.name, version, title };
});
