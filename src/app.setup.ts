import { NestFactory } from '@nestjs/core';
import type { DynamicModule, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { Config } from './config/config.js';
import { Drain } from './http/drain.js';
import { createHttpAdapter } from './http/http-adapter.js';
import { acceptJsonBodies } from './http/json-body.js';
import { type Log, NestLog, createLog } from './http/logger.js';
import { serveOpenApi } from './http/openapi.js';
import { ProblemFilter } from './http/problem.filter.js';
import { hookRequests } from './http/request-hooks.js';
import { RequestLog } from './http/request-log.js';
import { RequestShapeGuard } from './http/request-shape.guard.js';
import { RouteTable } from './http/route-table.js';
import { allowOrigins, answerOptions, secureHeaders } from './http/security-headers.js';
import { RequestValidationPipe } from './http/validation.js';

/**
 * The whole service behind HTTP, as `main.ts` and the tests run it; not listening yet.
 *
 * @param log where it logs; by default JSON lines on standard output
 */
export function createApp(
  config: Config,
  log = createLog(config.log.level),
): Promise<NestFastifyApplication> {
  return createHttpApp(AppModule.register(config), config, log);
}

/**
 * An application of any module in the service's HTTP manners: limits, problem documents, JSON bodies,
 * validation, request ids, security headers, CORS, tenant context, logs and API documentation.
 *
 * @param module must provide `Drain`
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  config: Config,
  log: Log,
): Promise<NestFastifyApplication> {
  const adapter = createHttpAdapter(config, log);
  const routes = new RouteTable();
  routes.watch(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bodyParser: false,
    logger: new NestLog(log),
    abortOnError: false,
  });
  acceptJsonBodies(adapter.getInstance());
  const drain = app.get(Drain, { strict: false });
  drain.watch(adapter.getHttpServer());
  hookRequests(adapter, new RequestLog(log), drain);
  secureHeaders(app);
  answerOptions(app, config.http.corsOrigins);
  allowOrigins(app, config.http.corsOrigins);
  app.useGlobalFilters(new ProblemFilter(routes, log));
  app.useGlobalGuards(new RequestShapeGuard());
  app.useGlobalPipes(new RequestValidationPipe());
  serveOpenApi(app);
  return app;
}
