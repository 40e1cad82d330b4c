import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { ApiError, unacceptable } from './api-error.js';
import { type Query, UNDECODABLE } from './query.js';

const MAX_NAME_SHOWN = 100;

const ANY_QUERY = 'cairn:any-query';

/** Routes of the controller pass over parameters that they do not know. */
export const AnyQuery = () => SetMetadata(ANY_QUERY, true);

/** What a route reads of its query: parameters by name, all of them (a DTO, which checks the names), or none. */
type QueryNames = ReadonlySet<string> | 'all';

/**
 * Refuses paths and queries that a handler could misread: U+0000 in a path, parameters repeated (one part of
 * a program would take the first, another the last), undecodable or unknown. Runs after authentication.
 *
 * @throws ApiError 400 VALIDATION_FAILED naming the parameter
 */
@Injectable()
export class RequestShapeGuard implements CanActivate {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- a handler of any shape, as a key
  private readonly names = new WeakMap<Function, QueryNames>();

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const params = request.params as Record<string, string>;
    for (const name in params) {
      if (params[name].includes('\u0000')) throw refuse(name, 'must not hold U+0000');
    }
    const query = request.query as Query & { [UNDECODABLE]?: string };
    if (query[UNDECODABLE] !== undefined) throw refuse(query[UNDECODABLE], 'must be percent-encoded UTF-8');
    for (const name in query) {
      const value = query[name];
      if (typeof value !== 'string') throw refuse(name, 'must be given once');
      if (value.includes('\u0000')) throw refuse(name, 'must not hold U+0000');
      const known = this.queryNames(context);
      if (known !== 'all' && !known.has(name)) throw refuse(name, 'is not a parameter of this route');
    }
    return true;
  }

  private queryNames(context: ExecutionContext): QueryNames {
    const handler = context.getHandler();
    let names = this.names.get(handler);
    if (names === undefined) {
      names = readQueryNames(context.getClass(), handler.name);
      this.names.set(handler, names);
    }
    return names;
  }
}

function readQueryNames(controller: object, method: string): QueryNames {
  if (Reflect.getMetadata(ANY_QUERY, controller) === true) return 'all';
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) as
    Record<string, { data?: unknown }> | undefined;
  const names = new Set<string>();
  for (const [key, { data }] of Object.entries(parameters ?? {})) {
    if (!key.startsWith(`${RouteParamtypes.QUERY}:`)) continue;
    if (typeof data !== 'string') return 'all';
    names.add(data);
  }
  return names;
}

function refuse(name: string, message: string): ApiError {
  return unacceptable([{ field: name.slice(0, MAX_NAME_SHOWN).toWellFormed(), message }]);
}
