import {
  Controller,
  type ExecutionContext,
  UseGuards,
  applyDecorators,
  createParamDecorator,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AnyQuery } from '../http/request-shape.guard.js';
import { ContractGuard } from './contract.guard.js';
import { type Fields, readInput } from './input.js';

/** What a parameter of a handler is read from; also for the tests, which send what is wrong in each of them. */
export interface OldInput {
  readonly place: 'body' | 'query';
  readonly fields: Fields | readonly string[];
}

/** A controller of routes that clients of OpenMemory call; those of Cairn's own API are described at /docs. */
export const OldRoutes = (path = '') =>
  applyDecorators(Controller(path), ApiExcludeController(), AnyQuery(), UseGuards(ContractGuard));

const body = createParamDecorator(({ fields }: OldInput, context: ExecutionContext) =>
  readInput(fields as Fields, requestOf(context).body),
);

/** The body as these fields; without one, an empty object. */
export const OldBody = (fields: Fields) => body({ place: 'body', fields });

const query = createParamDecorator(({ fields }: OldInput, context: ExecutionContext) => {
  const given = requestOf(context).query as Record<string, string>;
  const names = (fields as readonly string[]).filter((name) => given[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, given[name]]));
});

/** Parameters of the query by these names, as text. */
export const OldQuery = (...names: string[]) => query({ place: 'query', fields: names });

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}
