import { createRequire } from 'node:module';
import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MetadataStorage } from 'class-transformer/types/MetadataStorage.js';
import { getMetadataStorage } from 'class-validator';
import type { Fields as OldFields } from '../../src/openmemory/input.js';
import type { OldInput } from '../../src/openmemory/old-routes.decorators.js';

/** Names of fields; those with fields of their own hold them. */
export interface Fields {
  readonly [name: string]: Fields;
}

/** A route of the running application, and what it reads. */
export interface ApiRoute {
  readonly method: string;
  /** `/v1/memories/:id` */
  readonly path: string;
  /** Undefined where it reads no body. */
  readonly body: Fields | undefined;
  /** Whether the body is a list of these. */
  readonly isList?: boolean;
  readonly query: Fields;
  /** Headers it reads, in lower case. */
  readonly headers: readonly string[];
}

/** Every controller route, found by Nest's own metadata: one that is added is found by itself. */
export function apiRoutes(app: NestFastifyApplication): ApiRoute[] {
  const scanner = app.get(MetadataScanner, { strict: false });
  const controllers = app.get(DiscoveryService, { strict: false }).getControllers();
  return controllers.flatMap(({ metatype }) => {
    const controller = metatype as Type;
    const prototype = controller.prototype as object;
    return scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = (prototype as Record<string, object>)[name];
      const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
      if (method === undefined) return [];
      const [bases, rests] = [controller, handler].map((target) =>
        [Reflect.getMetadata(PATH_METADATA, target) as string | string[]].flat(),
      );
      const paths = bases.flatMap((base) => rests.map((rest) => `${base}/${rest}`));
      return paths.map((path) => ({
        method: RequestMethod[method],
        path: `/${path.split('/').filter(Boolean).join('/')}`,
        ...inputsOf(controller, prototype, name),
      }));
    });
  });
}

function inputsOf(controller: Type, prototype: object, name: string) {
  const types = (Reflect.getMetadata('design:paramtypes', prototype, name) ?? []) as Type[];
  const given = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
    string,
    { index: number; data?: string | OldInput }
  >;
  let body: Fields | undefined;
  let query: Fields = {};
  const headers: string[] = [];
  for (const [key, { index, data }] of Object.entries(given)) {
    if (typeof data === 'object') {
      if (data.place === 'body') body = { ...body, ...namesOf(data.fields as OldFields) };
      else query = Object.fromEntries((data.fields as readonly string[]).map((one) => [one, {}]));
      continue;
    }
    const kind = Number(key.split(':')[0]) as RouteParamtypes;
    const fields = data === undefined ? fieldsOf(types[index]) : { [data]: {} };
    if (kind === RouteParamtypes.BODY) body = { ...body, ...fields };
    if (kind === RouteParamtypes.QUERY) query = { ...query, ...fields };
    if (kind === RouteParamtypes.HEADERS && data !== undefined) headers.push(data.toLowerCase());
  }
  return { ...(body ? { body } : listOf(prototype, name)), query, headers };
}

/** Of what routes of OpenMemory read. */
function namesOf(fields: OldFields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.fields ? namesOf(field.fields) : {}]),
  );
}

/** Where @nestjs/swagger keeps what `@ApiBody()` and its like say. */
const API_PARAMETERS = 'swagger/apiParameters';

/** A body that the route reads by itself: what its description says that it is a list of. */
function listOf(prototype: object, name: string): { body: Fields | undefined; isList?: boolean } {
  const handler = (prototype as Record<string, object>)[name];
  const described = (Reflect.getMetadata(API_PARAMETERS, handler) ?? []) as {
    in: string;
    type: Type;
    isArray?: boolean;
  }[];
  const list = described.find(({ in: place, isArray }) => place === 'body' && isArray);
  return { body: list && fieldsOf(list.type), isList: list !== undefined };
}

const { defaultMetadataStorage: noted } = createRequire(import.meta.url)(
  'class-transformer/cjs/storage.js',
) as { defaultMetadataStorage: MetadataStorage };

function fieldsOf(type: Type): Fields {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const fields: Record<string, Fields> = {};
  for (const { propertyName } of rules) {
    const nested = noted.findTypeMetadata(type, propertyName)?.typeFunction();
    fields[propertyName] = nested ? fieldsOf(nested as Type) : {};
  }
  return fields;
}
