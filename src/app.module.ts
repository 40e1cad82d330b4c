import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule } from './auth/auth.module.js';
import { CollectionsModule } from './collections/collections.module.js';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DocumentsModule } from './documents/documents.module.js';
import { HealthModule } from './health/health.module.js';
import { McpModule } from './mcp/mcp.module.js';
import { MemoriesModule } from './memories/memories.module.js';
import { MetamorphModule } from './metamorph/metamorph.module.js';
import { OpenMemoryModule } from './openmemory/openmemory.module.js';
import { IdempotencyModule } from './operations/idempotency.module.js';
import { RolloutReportModule } from './rollout/rollout-report.module.js';
import { RolloutModule } from './rollout/rollout.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { StatsModule } from './stats/stats.module.js';
import { UsersModule } from './users/users.module.js';
import { VaultAdministrationModule } from './vaults/vault-administration.module.js';
import { VaultsModule } from './vaults/vaults.module.js';
import { WaypointsModule } from './waypoints/waypoints.module.js';

/** Everything the service is made of. */
@Module({})
export class AppModule {
  static register(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.register(config),
        RolloutModule,
        DatabaseModule,
        AuthModule,
        HealthModule,
        VaultsModule,
        IdempotencyModule,
        MemoriesModule,
        UsersModule,
        SessionsModule,
        CollectionsModule,
        DocumentsModule,
        WaypointsModule,
        StatsModule,
        VaultAdministrationModule,
        RolloutReportModule,
        MetamorphModule,
        OpenMemoryModule,
        McpModule,
      ],
    };
  }
}
