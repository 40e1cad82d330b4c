import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MemoriesModule } from '../memories/memories.module.js';
import { Memory } from '../memories/memory.entity.js';
import { IdempotencyRecord } from '../operations/idempotency-record.entity.js';
import { ScopeRow } from '../recall/scope.entity.js';
import { EnforcementModule } from '../rollout/enforcement.module.js';
import { StatsCounterModule } from '../stats/stats-counter.module.js';
import { ApiKeysModule } from '../vaults/api-keys.module.js';
import { VaultsModule } from '../vaults/vaults.module.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';
import { ReflectionJob } from './reflection-job.js';
import { ReflectionsService } from './reflections.service.js';
import { UserErasure } from './user-erasure.js';
import { UserFigures } from './user-figures.js';
import { UserMarksModule } from './user-marks.module.js';
import { UserMentions } from './user-mentions.js';
import { UserSummaries } from './user-summaries.js';
import { User } from './user.entity.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([User, Memory, ScopeRow, Waypoint, IdempotencyRecord]),
    MemoriesModule,
    EnforcementModule,
    StatsCounterModule,
    UserMarksModule,
    ApiKeysModule,
    VaultsModule,
  ],
  controllers: [UsersController],
  providers: [
    UsersService,
    UserFigures,
    UserSummaries,
    ReflectionsService,
    ReflectionJob,
    UserErasure,
    UserMentions,
  ],
  exports: [UsersService],
})
export class UsersModule {}
