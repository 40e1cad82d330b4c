import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MemoriesModule } from '../memories/memories.module.js';
import { Memory } from '../memories/memory.entity.js';
import { UsersModule } from '../users/users.module.js';
import { LaterController } from './later.controller.js';
import { OldMemoryController } from './memory.controller.js';
import { OldMemoriesService } from './old-memories.service.js';
import { OldMemoryList } from './old-memory-list.js';
import { OldSectors } from './old-sectors.js';
import { OldUsersService } from './old-users.service.js';
import { OldSectorsController } from './sectors.controller.js';
import { OldUsersController } from './users.controller.js';
import { VercelController } from './vercel.controller.js';

/** What clients of OpenMemory call, over the services of Cairn's own API. */
@Module({
  imports: [TypeOrmModule.forFeature([Memory]), MemoriesModule, UsersModule],
  controllers: [
    OldMemoryController,
    VercelController,
    OldUsersController,
    OldSectorsController,
    LaterController,
  ],
  providers: [OldMemoriesService, OldMemoryList, OldUsersService, OldSectors],
  exports: [OldMemoriesService, OldMemoryList, OldSectors],
})
export class OpenMemoryModule {}
