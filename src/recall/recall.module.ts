import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Memory } from '../memories/memory.entity.js';
import { IndexRebuild } from './index-rebuild.js';
import { IndexRows } from './index-rows.js';
import { IndexTails } from './index-tails.js';
import { IndexUpkeep } from './index-upkeep.js';
import { RecallIndex } from './recall-index.js';
import { RecallReader } from './recall-reader.js';
import { Reindexer } from './reindexer.js';
import { RowEncoder } from './row-encoder.js';
import { ScopeRow } from './scope.entity.js';
import { TermBlock } from './term-block.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([ScopeRow, TermBlock, Memory])],
  providers: [
    RecallIndex,
    IndexRows,
    IndexTails,
    RowEncoder,
    IndexRebuild,
    Reindexer,
    IndexUpkeep,
    RecallReader,
  ],
  exports: [RecallIndex, RecallReader, RowEncoder, IndexUpkeep],
})
export class RecallModule {}
