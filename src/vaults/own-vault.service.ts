import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { Memory } from '../memories/memory.entity.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';
import type { ChangeVaultDto } from './vault.dto.js';
import { VaultsService } from './vaults.service.js';

export interface OwnVault {
  readonly vaultId: string;
  readonly name: string;
  readonly shareUnowned: boolean;
  /** ms since 1970; null as long as nothing was written, and for users */
  readonly createdAt: number | null;
  readonly usage: Readonly<Record<'memories' | 'users' | 'sessions' | 'waypoints', number>>;
}

/** The caller's own vault: its settings, and how much of it the caller may see. */
@Injectable()
export class OwnVaultService {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    @InjectRepository(Waypoint) private readonly waypoints: Repository<Waypoint>,
    private readonly vaults: VaultsService,
    private readonly tenancy: Tenancy,
  ) {}

  read(): Promise<OwnVault> {
    return this.tenancy.snapshot(() => this.view());
  }

  /** @throws ApiError 400 for no field, 403 VAULT_UNKNOWN */
  async change({ name, share_unowned: shareUnowned }: ChangeVaultDto): Promise<OwnVault> {
    if (name === undefined && shareUnowned === undefined) {
      throw new ApiError(400, 'VALIDATION_FAILED', 'The request changes nothing: name at least one field.');
    }
    return this.tenancy.transaction(async () => {
      await this.vaults.ensureWritable();
      await this.vaults.change({
        ...(name === undefined ? {} : { name }),
        ...(shareUnowned === undefined ? {} : { shareUnowned }),
      });
      return this.view();
    });
  }

  private async view(): Promise<OwnVault> {
    const { vaultId, userId } = TenantContext.scope();
    const vault = await this.vaults.find();
    const counts = await this.memories
      .createQueryBuilder('m')
      .select('COUNT(*)', 'memories')
      .addSelect("COUNT(DISTINCT NULLIF(m.userId, ''))", 'users')
      .getRawOne<Record<'memories' | 'users', number | string>>();
    const sessions = await this.memories
      .createQueryBuilder('m')
      .select('m.userId', 'userId')
      .addSelect('m.sessionId', 'sessionId')
      .where('m.sessionId IS NOT NULL')
      .groupBy('m.userId')
      .addGroupBy('m.sessionId')
      .getRawMany();
    return {
      vaultId,
      name: vault?.name ?? vaultId,
      shareUnowned: vault?.shareUnowned ?? false,
      // A user is not to see that somebody else has written.
      createdAt: userId === undefined ? (vault?.createdAt ?? null) : null,
      usage: {
        memories: Number(counts?.memories ?? 0),
        users: Number(counts?.users ?? 0),
        sessions: sessions.length,
        waypoints: await this.waypoints.count(),
      },
    };
  }
}
