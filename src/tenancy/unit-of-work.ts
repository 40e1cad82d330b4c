import type { TenantQueryRunner } from '../database/tenant-query-runner.js';

/**
 * One transaction (or, nested, one savepoint) and what belongs to it; held in the context, so that
 * everything inside joins it.
 */
export interface UnitOfWork {
  readonly runner: TenantQueryRunner;
  readonly vaultId: string;
  readonly readOnly: boolean;
  readonly parent: UnitOfWork | undefined;
  /** False once its function has returned: code that outlives its unit is refused, never run outside it. */
  open: boolean;
  /** The nested unit that is running; the outer one's statements wait for it, or they would share its fate. */
  nested: Promise<void> | undefined;
  /** Run once the outermost transaction has committed; what a nested unit wants run goes with it. */
  readonly afterCommit: (() => void)[];
}

/** Whether work can still be done in a unit: it and all around it are running. */
export function isOpen({ open, parent }: UnitOfWork): boolean {
  return open && (parent === undefined || isOpen(parent));
}
