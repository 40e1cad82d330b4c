import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Fact } from './fact.entity.js';
import { FactReader } from './fact-reader.js';

@Module({ imports: [TypeOrmModule.forFeature([Fact])], providers: [FactReader], exports: [FactReader] })
export class FactsModule {}
