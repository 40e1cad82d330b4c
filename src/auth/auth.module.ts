import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { VaultsModule } from '../vaults/vaults.module.js';
import { AuthGuard } from './auth.guard.js';
import { RouteAccess } from './route-access.js';
import { WhoamiController } from './whoami.controller.js';

/** Who is asking, and whether they may: the guard of the whole application, and GET /v1/whoami. */
@Module({
  imports: [DiscoveryModule, VaultsModule],
  controllers: [WhoamiController],
  providers: [RouteAccess, { provide: APP_GUARD, useClass: AuthGuard }],
  exports: [RouteAccess],
})
export class AuthModule {}
