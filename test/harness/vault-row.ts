import { DataSource } from 'typeorm';
import { makeScope } from '../../src/tenancy/scope.js';
import { TenantContext } from '../../src/tenancy/tenant-context.js';
import { Vault } from '../../src/vaults/vault.entity.js';
import type { TestService } from './app.js';

/** Writes a vault's row, as an operator's command would; before the service has seen the vault. */
export async function putVault(
  service: TestService,
  vaultId: string,
  change: Partial<Vault> = {},
): Promise<void> {
  const now = Date.now();
  await TenantContext.run(makeScope({ vaultId, permissions: [] }), async () => {
    await service.app
      .get(DataSource)
      .getRepository(Vault)
      .insert({
        vaultId,
        name: vaultId,
        status: 'active',
        shareUnowned: false,
        createdAt: now,
        updatedAt: now,
        erasedAt: null,
        ...change,
      });
  });
}
