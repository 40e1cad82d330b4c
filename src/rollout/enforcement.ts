import { Injectable, Logger } from '@nestjs/common';
import type { Identity, VaultlessIdentity } from '../auth/identity.js';
import { TokenRefused } from '../auth/refusals.js';
import { DEFAULT_VAULT } from '../vaults/vault-id.js';
import { isUserClient } from './client-name.js';
import { Flags } from './flags.service.js';
import { type LenientMode, VaultlessTokens } from './vaultless-tokens.js';

/** Of an identity that was given its vault here. */
export interface Placed {
  readonly client: string;
  readonly mode: LenientMode;
}

/** How often the log tells of a client. */
const LOG_MS = 5 * 60_000;
/** Clients that it tells of in that time. */
const MOST_LOGGED = 100;
const MAX_LOGGED_NAME = 64;

/**
 * What is done with good tokens that have no vault claim, by the flag `tenancy.enforcement` of `default-vault`:
 * - `enforced`: they are refused like any token that is not good.
 * - `legacy`: they work in `default-vault`; the log tells of their clients.
 * - `shadow`: the same, and each of their requests is kept as one that `enforced` would refuse. There is nothing else
 *   that it would: tokens with a vault claim are treated alike in all three.
 */
@Injectable()
export class ClaimEnforcement {
  private readonly logger = new Logger('ClaimEnforcement');
  private readonly logged = new Set<string>();
  private loggedSince = 0;

  constructor(
    private readonly flags: Flags,
    private readonly tokens: VaultlessTokens,
  ) {}

  /** @throws TokenRefused when such tokens are not let in */
  async place({ client, userId, permissions }: VaultlessIdentity): Promise<Identity> {
    const { 'tenancy.enforcement': mode } = await this.flags.load(DEFAULT_VAULT);
    if (mode !== 'legacy' && mode !== 'shadow') throw new TokenRefused('no vault claim');
    return { vaultId: DEFAULT_VAULT, userId, permissions, placed: { client, mode } };
  }

  /** Counts a request that was let in, in its own scope. */
  note({ client, mode }: Placed): void {
    this.tokens.count(client, mode);
    this.log(isUserClient(client) ? 'a user' : quoted(client), mode);
  }

  /** Of each client once in some minutes. Who the users are is not for the log. */
  private log(name: string, mode: LenientMode): void {
    const now = Date.now();
    if (now - this.loggedSince >= LOG_MS) {
      this.loggedSince = now;
      this.logged.clear();
    }
    if (this.logged.has(name) || this.logged.size >= MOST_LOGGED) return;
    this.logged.add(name);
    this.logger.warn(`A token without a vault claim was let in (${mode}): ${name}`);
  }
}

function quoted(client: string): string {
  const cut = client.slice(0, MAX_LOGGED_NAME).toWellFormed();
  return JSON.stringify(cut.length < client.length ? `${cut}…` : cut);
}
