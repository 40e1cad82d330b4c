import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { ScopeRow } from '../recall/scope.entity.js';
import { DEFAULT_VAULT } from '../vaults/vault-id.js';
import { VaultOperations } from '../vaults/vault-operations.js';
import type { FlagValues } from './flags.js';
import { Flags } from './flags.service.js';
import { type NextStep, type Phase, type RolloutFacts, nextStepOf, phaseOf } from './phases.js';
import { USUAL_DAYS } from './rollout-days.js';
import { VaultlessTokens } from './vaultless-tokens.js';

export interface RolloutReport {
  readonly facts: RolloutFacts;
  readonly flags: FlagValues;
  readonly phase: Phase;
  readonly next: NextStep | null;
}

/** Where a vault stands in a roll-out, and what its next step would change. */
@Injectable()
export class RolloutService {
  constructor(
    @InjectRepository(ScopeRow) private readonly scopes: Repository<ScopeRow>,
    private readonly vaults: VaultOperations,
    private readonly flags: Flags,
    private readonly tokens: VaultlessTokens,
  ) {}

  /** @param days of requests to look at, today the last of them. @throws ApiError 404 for a vault that is none */
  async report(vaultId: string, days = USUAL_DAYS): Promise<RolloutReport> {
    const found = await this.vaults.look(vaultId, async ({ status, shareUnowned }) => ({
      ...{ vaultId, status, shareUnowned, days },
      ...(await this.countMemories()),
      requests: vaultId === DEFAULT_VAULT ? await this.tokens.found(days) : null,
    }));
    // Only of a vault that is there: their provider may be asked.
    const flags = await this.flags.load(vaultId);
    const { 'tenancy.enforcement': mode } = await this.flags.load(DEFAULT_VAULT);
    const facts: RolloutFacts = { ...found, mode };
    return { facts, flags, phase: phaseOf(facts), next: nextStepOf(facts) };
  }

  /** As the recall index counts them: expired ones count until they are swept. */
  private async countMemories(): Promise<Pick<RolloutFacts, 'memories' | 'users' | 'unowned'>> {
    const counts = await this.scopes
      .createQueryBuilder('s')
      .select('SUM(s.memoryCount)', 'memories')
      .addSelect("COUNT(NULLIF(s.userId, ''))", 'users')
      .where({ memoryCount: MoreThan(0) })
      .getRawOne<Record<'memories' | 'users', number | string | null>>();
    const nobodys = await this.scopes.findOneBy({ userId: '' });
    return {
      memories: Number(counts?.memories ?? 0),
      users: Number(counts?.users ?? 0),
      unowned: nobodys?.memoryCount ?? 0,
    };
  }
}
