import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { hashOfApiKey, readApiKey } from '../auth/api-key-form.js';
import type { Identity } from '../auth/identity.js';
import { TokenRefused } from '../auth/refusals.js';
import { VerifiedKeys } from '../auth/verified-keys.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import { makeScope } from '../tenancy/scope.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { permissionsOf } from './api-key-permissions.js';
import { ApiKeyUses } from './api-key-uses.js';
import { ApiKey } from './api-key.entity.js';
import { VaultsService } from './vaults.service.js';

/** Stands for the hash of a key that is not there; no text has it. */
const NO_HASH = '0'.repeat(64);

/**
 * Verifies API keys: each is looked up in the vault that it names, in that vault's own context, and there is a scope
 * only when its hash is the one kept there.
 *
 * Whether the vault, the key or its secret is wrong, or whether the vault is closed, the same statements are run and
 * the same is answered.
 */
@Injectable()
export class ApiKeyCheck {
  private readonly named: PreparedSelect<ApiKey>;

  constructor(
    @InjectRepository(ApiKey) keys: Repository<ApiKey>,
    private readonly vaults: VaultsService,
    private readonly verified: VerifiedKeys,
    private readonly uses: ApiKeyUses,
    private readonly tenancy: Tenancy,
  ) {
    this.named = new PreparedSelect(keys, 'k', (query) => query.where('k.id = :id'));
  }

  /** Whom a key names. @throws TokenRefused when it is not accepted */
  async verify(text: string): Promise<Identity> {
    const hash = hashOfApiKey(text);
    const { id, identity } = this.verified.find(hash) ?? (await this.lookUp(text, hash));
    this.uses.note(identity.vaultId, id);
    return identity;
  }

  private async lookUp(text: string, hash: string) {
    const named = readApiKey(text);
    if (!named) throw new TokenRefused('not of the form of an API key');
    const { vaultId, id } = named;
    const { changes } = this.verified;
    const [vault, key] = await TenantContext.run(makeScope({ vaultId, permissions: [] }), () =>
      this.tenancy.snapshot(async () => [await this.vaults.find(), await this.named.one({ id })] as const),
    );
    const isEqual = areEqual(hash, key?.secretHash ?? NO_HASH);
    if (!key || !isEqual) throw new TokenRefused('no such API key');
    if (vault?.status !== 'active') throw new TokenRefused(`the vault is ${vault?.status ?? 'unknown'}`);
    const expires = key.expiresAt ?? Infinity;
    if (key.revokedAt !== null) throw new TokenRefused('the API key is revoked');
    if (Date.now() >= expires) throw new TokenRefused('the API key has expired');
    const verified = { id, identity: identityOf(key), expires };
    this.verified.remember(hash, verified, changes);
    return verified;
  }
}

/** Without a user it acts for the whole vault, which is what the permission `vault` means in a token. */
function identityOf(key: ApiKey): Identity {
  const { vaultId, userId } = key;
  const permissions = permissionsOf(key);
  if (userId === '') return { vaultId, permissions: [...permissions, 'vault'] };
  return { vaultId, userId, permissions };
}

/** In the same time wherever they differ. */
function areEqual(hash: string, kept: string): boolean {
  const [a, b] = [Buffer.from(hash, 'latin1'), Buffer.from(kept, 'latin1')];
  return a.length === b.length && timingSafeEqual(a, b);
}
