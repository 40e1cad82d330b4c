import { Injectable } from '@nestjs/common';
import { TenantContext } from '../tenancy/tenant-context.js';
import type { Identity } from './identity.js';

const MOST_KEYS = 1_000;

/** How long another process's change to a key may go unnoticed here, as with the states of vaults. */
const REMEMBERED_MS = 5_000;

/** A key that was verified, and whom it names. */
export interface VerifiedKey {
  readonly id: string;
  readonly identity: Identity;
  /** From then on it is no key any more; ms since 1970. */
  readonly expires: number;
}

/**
 * API keys that were verified lately, by the hash of all of their text. What this process revokes, or deletes with a
 * user, is forgotten at once.
 */
@Injectable()
export class VerifiedKeys {
  private readonly known = new Map<string, { readonly key: VerifiedKey; readonly until: number }>();
  private forgotten = 0;

  /** How often keys were forgotten; see `remember`. */
  get changes(): number {
    return this.forgotten;
  }

  find(hash: string): VerifiedKey | undefined {
    const found = this.known.get(hash);
    return found && Date.now() < found.until ? found.key : undefined;
  }

  /** @param changes of before the key was read: what was read may since have been changed */
  remember(hash: string, key: VerifiedKey, changes: number): void {
    if (changes !== this.forgotten) return;
    if (this.known.size >= MOST_KEYS) this.known.clear();
    this.known.set(hash, { key, until: Math.min(key.expires, Date.now() + REMEMBERED_MS) });
  }

  /** Forgets the keys of the running scope's vault. To be called once a change to them is committed. */
  forget(): void {
    const { vaultId } = TenantContext.scope();
    this.forgotten += 1;
    for (const [hash, { key }] of this.known) if (key.identity.vaultId === vaultId) this.known.delete(hash);
  }
}
