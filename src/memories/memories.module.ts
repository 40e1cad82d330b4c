import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { VectorRow } from '../embeddings/vector.entity.js';
import { RecallModule } from '../recall/recall.module.js';
import { VaultsModule } from '../vaults/vaults.module.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';
import { ExpirySweep } from './expiry-sweep.js';
import { MemoriesController } from './memories.controller.js';
import { MemoriesService } from './memories.service.js';
import { Memory } from './memory.entity.js';
import { MemoryLister } from './memory-lister.js';
import { MemoryMover } from './memory-mover.js';
import { MemoryRemover } from './memory-remover.js';
import { MemorySearch } from './memory-search.js';
import { MemoryVersion } from './memory-version.entity.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Memory, MemoryVersion, VectorRow, Waypoint]),
    RecallModule,
    VaultsModule,
  ],
  controllers: [MemoriesController],
  providers: [MemoriesService, MemoryLister, MemoryMover, MemoryRemover, MemorySearch, ExpirySweep],
  exports: [MemoriesService, MemoryLister, MemorySearch],
})
export class MemoriesModule {}
