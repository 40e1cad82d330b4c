import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Collection } from '../../collections/collection.entity.js';
import { VectorRow } from '../../embeddings/vector.entity.js';
import { Fact } from '../../facts/fact.entity.js';
import { MemoriesModule } from '../../memories/memories.module.js';
import { Memory } from '../../memories/memory.entity.js';
import { ScopeRow } from '../../recall/scope.entity.js';
import { Stat } from '../../stats/stat.entity.js';
import { StatsCounterModule } from '../../stats/stats-counter.module.js';
import { UserMarksModule } from '../../users/user-marks.module.js';
import { User } from '../../users/user.entity.js';
import { VaultsModule } from '../../vaults/vaults.module.js';
import { Waypoint } from '../../waypoints/waypoint.entity.js';
import { ImportRun } from '../import.entity.js';
import { LegacyRow } from '../legacy-row.entity.js';
import { ImportLedger } from './import-ledger.js';
import { ImportRunner } from './import-run.js';
import { ImportUndo } from './import-undo.js';
import { ImportWriter } from './import-writer.js';
import { MemoryIds } from './memory-ids.js';
import { OtherDrafts } from './other-drafts.js';
import { WaypointDrafts } from './waypoint-drafts.js';

const ENTITIES = [Collection, Fact, ImportRun, LegacyRow, Memory, ScopeRow, Stat, User, VectorRow, Waypoint];

/** What takes the rows of other systems over into the service. */
@Module({
  imports: [
    TypeOrmModule.forFeature(ENTITIES),
    MemoriesModule,
    StatsCounterModule,
    UserMarksModule,
    VaultsModule,
  ],
  providers: [ImportLedger, ImportRunner, ImportUndo, ImportWriter, MemoryIds, OtherDrafts, WaypointDrafts],
})
export class ImportModule {}
