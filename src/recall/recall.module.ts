import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RecallIndex } from './recall-index.js';
import { ScopeRow } from './scope.entity.js';
import { TermBlock } from './term-block.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([ScopeRow, TermBlock])],
  providers: [RecallIndex],
  exports: [RecallIndex],
})
export class RecallModule {}
