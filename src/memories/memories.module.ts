import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { VectorRow } from '../embeddings/vector.entity.js';
import { IdempotencyModule } from '../operations/idempotency.module.js';
import { RecallModule } from '../recall/recall.module.js';
import { StatsCounterModule } from '../stats/stats-counter.module.js';
import { UserMarksModule } from '../users/user-marks.module.js';
import { VaultsModule } from '../vaults/vaults.module.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';
import { WaypointsModule } from '../waypoints/waypoints.module.js';
import { MemoryContext } from './context.js';
import { SessionNeighbours } from './context-neighbours.js';
import { ExpirySweep } from './expiry-sweep.js';
import { MemoriesController } from './memories.controller.js';
import { MemoriesService } from './memories.service.js';
import { Memory } from './memory.entity.js';
import { MemoryBatch } from './memory-batch.js';
import { MemoryCreator } from './memory-creator.js';
import { MemoryFollowUps } from './memory-follow-ups.js';
import { MemoryHistory } from './memory-history.js';
import { MemoryLister } from './memory-lister.js';
import { MemoryMover } from './memory-mover.js';
import { MemoryReinforcement } from './memory-reinforcement.js';
import { MemoryPlaces } from './memory-places.js';
import { MemoryRemover } from './memory-remover.js';
import { MemorySearch } from './memory-search.js';
import { MemoryVersion } from './memory-version.entity.js';
import { ReinforcementOnRead } from './reinforcement-on-read.js';
import { SupersededMemories } from './superseded-memories.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Memory, MemoryVersion, VectorRow, Waypoint]),
    RecallModule,
    IdempotencyModule,
    StatsCounterModule,
    UserMarksModule,
    VaultsModule,
    WaypointsModule,
  ],
  controllers: [MemoriesController],
  providers: [
    MemoriesService,
    MemoryBatch,
    MemoryContext,
    MemoryCreator,
    MemoryFollowUps,
    MemoryHistory,
    MemoryLister,
    MemoryMover,
    MemoryReinforcement,
    MemoryPlaces,
    MemoryRemover,
    MemorySearch,
    ReinforcementOnRead,
    SessionNeighbours,
    SupersededMemories,
    ExpirySweep,
  ],
  exports: [
    MemoriesService,
    MemoryContext,
    MemoryCreator,
    MemoryLister,
    MemoryReinforcement,
    MemoryRemover,
    MemorySearch,
  ],
})
export class MemoriesModule {}
