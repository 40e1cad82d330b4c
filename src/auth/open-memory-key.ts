import { hash, timingSafeEqual } from 'node:crypto';
import { DEFAULT_VAULT, vaultOfTenant } from '../vaults/vault-id.js';
import type { VaultsService } from '../vaults/vaults.service.js';
import type { Identity } from './identity.js';

/** It acts for the vault, and changes nothing of it. */
const PERMISSIONS = ['read', 'write', 'delete', 'vault'] as const;

/** The one key that a service of OpenMemory had (OM_API_KEY), which its clients go on using. */
export class OpenMemoryKey {
  private readonly digest: Buffer;
  private readonly tenant: string;

  constructor(
    key: string,
    private readonly vaults: Pick<VaultsService, 'state'>,
  ) {
    this.digest = digestOf(Buffer.from(key, 'utf8'));
    // As the last releases had it.
    this.tenant = this.digest.toString('hex').slice(0, 16);
  }

  /** @param text as a header holds it: a character for each byte */
  matches(text: string): boolean {
    return timingSafeEqual(digestOf(Buffer.from(text, 'latin1')), this.digest);
  }

  /**
   * The vault of the key's tenant where an upgraded database has one, whatever state it is in; else the one that
   * adopted rows come into.
   */
  async identity(): Promise<Identity> {
    const vaultId = vaultOfTenant(this.tenant);
    const { status } = await this.vaults.state(vaultId);
    if (status === 'unknown') return { vaultId: DEFAULT_VAULT, permissions: PERMISSIONS };
    return { vaultId, permissions: PERMISSIONS, selfName: this.tenant };
  }
}

/** Equally long whatever was sent, so that nothing but whether they are equal can be told from comparing. */
function digestOf(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer');
}
