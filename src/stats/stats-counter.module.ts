import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { VaultsModule } from '../vaults/vaults.module.js';
import { Stat } from './stat.entity.js';
import { StatsCounter } from './stats-counter.js';

/** The counting of events, for the modules where they happen. */
@Module({
  imports: [TypeOrmModule.forFeature([Stat]), VaultsModule],
  providers: [StatsCounter],
  exports: [StatsCounter],
})
export class StatsCounterModule {}
