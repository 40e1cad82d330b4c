import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { AppModule } from '../../src/app.module.js';
import { createHttpApp } from '../../src/app.setup.js';
import { Public } from '../../src/auth/route-access.decorators.js';
import { WhoamiController } from '../../src/auth/whoami.controller.js';
import type { WhoamiResponse } from '../../src/auth/whoami.dto.js';
import { loadConfig } from '../../src/config/config.js';
import { createLog } from '../../src/http/logger.js';
import { stopOnSignals } from '../../src/http/shutdown.js';
import { makeScope } from '../../src/tenancy/scope.js';
import { TenantContext } from '../../src/tenancy/tenant-context.js';
import { prepareDatabase } from '../../src/upgrade/prepare-database.js';

// The service as it is, and one route more: whoami's handler, marked public. The difference between the two in
// one process is what the guard costs.

const scope = makeScope({ vaultId: 'acme', userId: 'u1', permissions: ['read', 'write', 'delete'] });

@Controller('bench/whoami')
class PublicWhoamiController extends WhoamiController {
  @Get()
  @Public()
  override whoami(): WhoamiResponse {
    return TenantContext.run(scope, () => super.whoami());
  }
}

const config = loadConfig(process.env);

@Module({ imports: [AppModule.register(config)], controllers: [PublicWhoamiController] })
class BenchModule {}

await prepareDatabase(config);
const log = createLog(config.log.level);
const app = await createHttpApp(BenchModule, config, log);
stopOnSignals(app, config.shutdownTimeoutMs, log);
await app.listen(config.http.port, config.http.host);
log.info({ address: await app.getUrl() }, 'Listening');
