import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { EnforcementModule } from '../rollout/enforcement.module.js';
import { ApiKeysModule } from '../vaults/api-keys.module.js';
import { VaultsModule } from '../vaults/vaults.module.js';
import { AuthGuard } from './auth.guard.js';
import { ResourceMetadataController } from './resource-metadata.controller.js';
import { RouteAccess } from './route-access.js';
import { WhoamiController } from './whoami.controller.js';

/** Who is asking, and whether they may: the guard of the whole application, and GET /v1/whoami. */
@Module({
  imports: [ApiKeysModule, DiscoveryModule, EnforcementModule, VaultsModule],
  controllers: [ResourceMetadataController, WhoamiController],
  providers: [RouteAccess, { provide: APP_GUARD, useClass: AuthGuard }],
  exports: [RouteAccess],
})
export class AuthModule {}
