import type { Placed } from '../rollout/enforcement.js';
import type { Permission } from './permissions.js';

/** Who a verified credential says is asking. The guard turns it into the request's scope. */
export interface Identity {
  readonly vaultId: string;
  /** Absent for a service, which works for the whole vault. */
  readonly userId?: string;
  readonly permissions: readonly Permission[];
  /** See `Scope`. */
  readonly selfName?: string;
  /** Of a token without a vault claim that was given its vault. */
  readonly placed?: Placed;
}

/** Who a token names that has no vault claim. Whether it is let in, and where, is for `ClaimEnforcement` to say. */
export interface VaultlessIdentity extends Omit<Identity, 'vaultId' | 'selfName' | 'placed'> {
  readonly vaultId?: undefined;
  /** Who sent it, as `clientOf` names clients. */
  readonly client: string;
}

/** Who a token names. */
export type TokenIdentity = Identity | VaultlessIdentity;
