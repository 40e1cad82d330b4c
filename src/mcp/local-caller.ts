import { Logger } from '@nestjs/common';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Permission } from '../auth/permissions.js';
import { failureOf } from '../http/failure.js';
import type { Flags } from '../rollout/flags.service.js';
import { makeScope } from '../tenancy/scope.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import type { VaultsService } from '../vaults/vaults.service.js';
import type { Run } from './mcp-servers.js';

const OF_USERS: readonly Permission[] = ['read', 'write', 'delete'];

/** Whoever has started this process: acts in one vault, as one user or for all of it. */
export class LocalCaller {
  private readonly logger = new Logger('Mcp');

  constructor(
    private readonly vaults: VaultsService,
    private readonly flags: Flags,
    private readonly vaultId: string,
    private readonly userId: string | undefined,
  ) {}

  /** What is asked for runs in a scope made for it: what the vault is and shares may change meanwhile. */
  readonly run: Run = async (work) => {
    try {
      const { status, shareUnowned } = await this.vaults.state(this.vaultId);
      if (status !== 'active' && status !== 'unknown') {
        throw new ProtocolError(ProtocolErrorCode.InvalidRequest, `The vault is ${status}.`);
      }
      const { vaultId, userId } = this;
      const flags = await this.flags.load(vaultId);
      if (!flags.mcp) {
        throw new ProtocolError(ProtocolErrorCode.InvalidRequest, 'MCP is switched off for this vault.');
      }
      const permissions = userId === undefined ? [...OF_USERS, 'vault' as const] : OF_USERS;
      const shared = shareUnowned && flags['tenancy.shared-memories'];
      return await TenantContext.run(makeScope({ vaultId, userId, permissions, shareUnowned: shared }), work);
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      const { status, detail } = failureOf(error);
      if (status === 500) this.logger.error('A call failed through a fault of ours', error);
      throw new ProtocolError(ProtocolErrorCode.InternalError, detail);
    }
  };
}
