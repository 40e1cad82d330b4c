import type { Permission } from './permissions.js';

/** Who a verified credential says is asking. The guard turns it into the request's scope. */
export interface Identity {
  readonly vaultId: string;
  /** Absent for a service, which works for the whole vault. */
  readonly userId?: string;
  readonly permissions: readonly Permission[];
  /** See `Scope`. */
  readonly selfName?: string;
}
