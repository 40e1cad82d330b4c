import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type Access, accessOf } from './route-access.decorators.js';

export interface Route {
  readonly method: string;
  /** As the controllers spell it, parameters included: `/v1/memories/:id`. */
  readonly path: string;
  /** undefined when the route does not say. */
  readonly access: Access | undefined;
  /** `MemoriesController.create`, for messages. */
  readonly handler: string;
}

/** Knows every controller route and who may call it; the application does not start while one does not say. */
@Injectable()
export class RouteAccess implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    const silent = this.routes().filter(({ access }) => access === undefined);
    if (silent.length === 0) return;
    const list = silent.map(({ method, path, handler }) => `${method} ${path} (${handler})`).join(', ');
    throw new Error(`Routes without @RequirePermission, @Authenticated or @Public: ${list}`);
  }

  routes(): Route[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (!metatype) return [];
      const prototype = metatype.prototype as Record<string, unknown>;
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name];
        if (typeof handler !== 'function') return [];
        const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
        if (method === undefined) return [];
        const access = accessOf(handler, metatype);
        return pathsOf(metatype).flatMap((base) =>
          pathsOf(handler).map((rest) => ({
            method: RequestMethod[method],
            path: `/${[base, rest]
              .flatMap((part) => part.split('/'))
              .filter(Boolean)
              .join('/')}`,
            access,
            handler: `${metatype.name}.${name}`,
          })),
        );
      });
    });
  }
}

function pathsOf(target: object): string[] {
  const path = Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined;
  return Array.isArray(path) ? path : [path ?? ''];
}
