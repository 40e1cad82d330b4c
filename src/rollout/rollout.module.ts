import { Global, Module } from '@nestjs/common';
import { Flags } from './flags.service.js';

/** Feature flags, for everything that asks for one. */
@Global()
@Module({ providers: [Flags], exports: [Flags] })
export class RolloutModule {}
