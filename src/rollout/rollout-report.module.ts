import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ScopeRow } from '../recall/scope.entity.js';
import { VaultAdministrationModule } from '../vaults/vault-administration.module.js';
import { EnforcementModule } from './enforcement.module.js';
import { RolloutController } from './rollout.controller.js';
import { RolloutModule } from './rollout.module.js';
import { RolloutService } from './rollout.service.js';

/** Where vaults stand in a roll-out, for operators. */
@Module({
  imports: [
    EnforcementModule,
    RolloutModule,
    TypeOrmModule.forFeature([ScopeRow]),
    VaultAdministrationModule,
  ],
  controllers: [RolloutController],
  providers: [RolloutService],
})
export class RolloutReportModule {}
