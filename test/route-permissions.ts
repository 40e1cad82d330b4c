import type { Access } from '../src/auth/route-access.decorators.js';

/** A route, and the one thing that opens it: a permission, any valid credential, or nothing. */
export interface RoutePermission {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly access: Access;
}

/**
 * Every route of the service, and who may call it. Compared with the running application: a route that is not
 * here, or is here with another permission, fails the tests.
 */
export const ROUTE_PERMISSIONS: readonly RoutePermission[] = [
  { method: 'GET', path: '/health', access: 'public' },
  { method: 'GET', path: '/health/live', access: 'public' },
  { method: 'GET', path: '/health/ready', access: 'public' },
  { method: 'GET', path: '/v1/whoami', access: 'authenticated' },
  { method: 'GET', path: '/v1/memories', access: 'read' },
  { method: 'POST', path: '/v1/memories', access: 'write' },
  { method: 'DELETE', path: '/v1/memories', access: 'delete' },
  { method: 'POST', path: '/v1/memories/search', access: 'read' },
  { method: 'GET', path: '/v1/memories/:id', access: 'read' },
  { method: 'PATCH', path: '/v1/memories/:id', access: 'write' },
  { method: 'DELETE', path: '/v1/memories/:id', access: 'delete' },
  { method: 'GET', path: '/v1/memories/:id/history', access: 'read' },
];

/** Served beside the controllers, to anyone: the description of the API, which is the same for all. */
export const DOCUMENTATION_PATHS: readonly string[] = ['/openapi.json', '/docs'];
