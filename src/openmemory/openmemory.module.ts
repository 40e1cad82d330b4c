import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DocumentsModule } from '../documents/documents.module.js';
import { MemoriesModule } from '../memories/memories.module.js';
import { Memory } from '../memories/memory.entity.js';
import { StatsModule } from '../stats/stats.module.js';
import { UsersModule } from '../users/users.module.js';
import { OldDashboardController } from './dashboard.controller.js';
import { OldIdeController } from './ide.controller.js';
import { OldIngestController } from './ingest.controller.js';
import { LaterController } from './later.controller.js';
import { OldMemoryController } from './memory.controller.js';
import { OldDashboard } from './old-dashboard.js';
import { OldIde } from './old-ide.js';
import { OldMemoriesService } from './old-memories.service.js';
import { OldMemoryList } from './old-memory-list.js';
import { OldUsersService } from './old-users.service.js';
import { OldSectorsController } from './sectors.controller.js';
import { OldUsersController } from './users.controller.js';
import { VercelController } from './vercel.controller.js';

/** What clients of OpenMemory call, over the services of Cairn's own API. */
@Module({
  imports: [TypeOrmModule.forFeature([Memory]), DocumentsModule, MemoriesModule, StatsModule, UsersModule],
  controllers: [
    OldMemoryController,
    VercelController,
    OldUsersController,
    OldSectorsController,
    OldIngestController,
    OldDashboardController,
    OldIdeController,
    LaterController,
  ],
  providers: [OldDashboard, OldIde, OldMemoriesService, OldMemoryList, OldUsersService],
})
export class OpenMemoryModule {}
