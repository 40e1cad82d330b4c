import { type KeyObject, hash } from 'node:crypto';
import type { TokenIdentity } from './identity.js';

const MOST_TOKENS = 1_000;

interface Verified {
  readonly key: KeyObject;
  readonly identity: TokenIdentity;
  /** From then on it is no token any more; ms since 1970. */
  readonly expires: number;
}

/**
 * Tokens that were verified, letter for letter, each with the key that it was verified with and whom it names: a
 * caller sends the same one with every request, and to verify it takes a third of an empty request. What a token
 * says and whether its signature is good does not change; that it has expired is looked at each time. Whether one
 * without a vault claim is let in may change at any time, and is not kept here.
 */
export class VerifiedTokens {
  /** By hash: this is not the place to keep credentials in. */
  private readonly known = new Map<string, Verified>();

  /** Whom a token names that was verified with this very key and has not expired. */
  find(token: string, key: KeyObject): TokenIdentity | undefined {
    const verified = this.known.get(digestOf(token));
    return verified?.key === key && Date.now() < verified.expires ? verified.identity : undefined;
  }

  remember(token: string, verified: Verified): void {
    if (this.known.size >= MOST_TOKENS) this.known.clear();
    this.known.set(digestOf(token), verified);
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
