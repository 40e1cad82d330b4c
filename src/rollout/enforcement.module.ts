import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StatsCounterModule } from '../stats/stats-counter.module.js';
import { Stat } from '../stats/stat.entity.js';
import { ClaimEnforcement } from './enforcement.js';
import { RolloutModule } from './rollout.module.js';
import { VaultlessTokens } from './vaultless-tokens.js';

/** What is done with tokens that have no vault claim, and the counts of them. */
@Module({
  imports: [RolloutModule, StatsCounterModule, TypeOrmModule.forFeature([Stat])],
  providers: [ClaimEnforcement, VaultlessTokens],
  exports: [ClaimEnforcement, VaultlessTokens],
})
export class EnforcementModule {}
