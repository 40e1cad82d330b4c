import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MemoriesModule } from '../memories/memories.module.js';
import { Memory } from '../memories/memory.entity.js';
import { Session } from '../sessions/session.entity.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { VaultsModule } from '../vaults/vaults.module.js';
import { MetamorphMemoriesController } from './metamorph-memories.controller.js';
import { MetamorphMemoriesService } from './metamorph-memories.service.js';
import { MetamorphSessionsController } from './metamorph-sessions.controller.js';
import { MetamorphSessionsService } from './metamorph-sessions.service.js';

/** What clients of Metamorph call, over the services of Cairn's own API. */
@Module({
  imports: [TypeOrmModule.forFeature([Memory, Session]), MemoriesModule, SessionsModule, VaultsModule],
  controllers: [MetamorphSessionsController, MetamorphMemoriesController],
  providers: [MetamorphSessionsService, MetamorphMemoriesService],
})
export class MetamorphModule {}
