import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule } from './auth/auth.module.js';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { MemoriesModule } from './memories/memories.module.js';
import { VaultsModule } from './vaults/vaults.module.js';

/** Everything the service is made of. */
@Module({})
export class AppModule {
  static register(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.register(config),
        DatabaseModule,
        AuthModule,
        HealthModule,
        VaultsModule,
        MemoriesModule,
      ],
    };
  }
}
