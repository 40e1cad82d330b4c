import { hash, randomBytes } from 'node:crypto';
import { isVaultId } from '../vaults/vault-id.js';

/** What every API key begins with; no token does. */
export const API_KEY_PREFIX = 'cairn_';

/** Random bytes of a secret: too many to be guessed, so that a fast hash of it can be kept. */
const SECRET_BYTES = 32;

/**
 * `cairn_<vault id, base64url>_<key id>_<secret>`. Base64url may hold `_`; the two parts behind it have one length
 * each and no `_`, so a key can be read in one way only.
 */
const FORM = /^cairn_([\w-]{2,171})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_[0-9a-f]{64}$/;

/** Longer than every key: what is longer is not looked at. */
const MAX_LENGTH = 300;

/** What a key says of itself, which nothing has proved yet. */
export interface NamedApiKey {
  readonly vaultId: string;
  readonly id: string;
}

/** A new key of a vault: its secret is in nothing but this text. @param id a UUID */
export function makeApiKey({ vaultId, id }: NamedApiKey): string {
  const vault = Buffer.from(vaultId, 'latin1').toString('base64url');
  return `${API_KEY_PREFIX}${vault}_${id}_${randomBytes(SECRET_BYTES).toString('hex')}`;
}

/** @returns undefined for what is no API key */
export function readApiKey(text: string): NamedApiKey | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [, encoded, id] = FORM.exec(text) ?? [];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64url');
  const vaultId = bytes.toString('latin1');
  // In its one canonical spelling: two texts are never one key.
  return isVaultId(vaultId) && bytes.toString('base64url') === encoded ? { vaultId, id } : undefined;
}

/** What is kept of a key: the SHA-256, in hex, of all of it. So a row opens no other vault than the key names. */
export function hashOfApiKey(text: string): string {
  return hash('sha256', text, 'hex');
}
