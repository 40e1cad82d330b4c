import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Drain } from '../http/drain.js';
import { RecallModule } from '../recall/recall.module.js';
import { DatabaseHealth } from './database.health.js';
import { DrainHealth } from './drain.health.js';
import { HealthController } from './health.controller.js';
import { IndexHealth } from './index.health.js';
import { SchemaHealth } from './schema.health.js';

/** Whether the service lives, and whether it may be sent requests. */
@Module({
  // What is wrong is answered, and in the log as a request turned away; a line of its own would say no more.
  imports: [TerminusModule.forRoot({ logger: false }), RecallModule],
  controllers: [HealthController],
  providers: [Drain, DatabaseHealth, DrainHealth, IndexHealth, SchemaHealth],
})
export class HealthModule {}
