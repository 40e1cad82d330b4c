import type { Access } from '../src/auth/route-access.decorators.js';

/** A route, and the one thing that opens it: a permission, any valid credential, or nothing. */
export interface RoutePermission {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly access: Access;
  /** It answers 501: a later version will have it. */
  readonly later?: true;
}

/**
 * Every route of the service, and who may call it. Compared with the running application: a route that is not
 * here, or is here with another permission, fails the tests.
 */
export const ROUTE_PERMISSIONS: readonly RoutePermission[] = [
  { method: 'GET', path: '/health', access: 'public' },
  { method: 'GET', path: '/health/live', access: 'public' },
  { method: 'GET', path: '/health/ready', access: 'public' },
  { method: 'GET', path: '/.well-known/oauth-protected-resource', access: 'public' },
  { method: 'GET', path: '/.well-known/oauth-protected-resource/mcp', access: 'public' },
  { method: 'GET', path: '/v1/whoami', access: 'authenticated' },
  { method: 'GET', path: '/v1/memories', access: 'read' },
  { method: 'POST', path: '/v1/memories', access: 'write' },
  { method: 'DELETE', path: '/v1/memories', access: 'delete' },
  { method: 'POST', path: '/v1/memories/batch', access: 'write' },
  { method: 'POST', path: '/v1/memories/search', access: 'read' },
  { method: 'POST', path: '/v1/memories/context', access: 'read' },
  { method: 'GET', path: '/v1/memories/:id', access: 'read' },
  { method: 'PATCH', path: '/v1/memories/:id', access: 'write' },
  { method: 'DELETE', path: '/v1/memories/:id', access: 'delete' },
  { method: 'POST', path: '/v1/memories/:id/reinforce', access: 'write' },
  { method: 'GET', path: '/v1/memories/:id/history', access: 'read' },
  { method: 'GET', path: '/v1/users', access: 'read' },
  { method: 'GET', path: '/v1/users/:user_id', access: 'read' },
  { method: 'PUT', path: '/v1/users/:user_id', access: 'write' },
  { method: 'DELETE', path: '/v1/users/:user_id', access: 'delete' },
  { method: 'GET', path: '/v1/users/:user_id/memories', access: 'read' },
  { method: 'GET', path: '/v1/users/:user_id/summary', access: 'read' },
  { method: 'POST', path: '/v1/users/:user_id/summary/regenerate', access: 'write' },
  { method: 'POST', path: '/v1/users/:user_id/reflect', access: 'write' },
  { method: 'GET', path: '/v1/sessions', access: 'read' },
  { method: 'GET', path: '/v1/sessions/:id/memories', access: 'read' },
  { method: 'DELETE', path: '/v1/sessions/:id', access: 'delete' },
  { method: 'GET', path: '/api/sessions', access: 'read' },
  { method: 'POST', path: '/api/sessions', access: 'write' },
  { method: 'GET', path: '/api/sessions/:id', access: 'read' },
  { method: 'DELETE', path: '/api/sessions/:id', access: 'delete' },
  { method: 'GET', path: '/api/memories', access: 'read' },
  { method: 'POST', path: '/api/memories', access: 'write' },
  { method: 'DELETE', path: '/api/memories/:id', access: 'delete' },
  { method: 'GET', path: '/v1/collections', access: 'read' },
  { method: 'POST', path: '/v1/collections', access: 'write' },
  { method: 'GET', path: '/v1/collections/:name', access: 'read' },
  { method: 'PATCH', path: '/v1/collections/:name', access: 'write' },
  { method: 'DELETE', path: '/v1/collections/:name', access: 'delete' },
  { method: 'GET', path: '/v1/documents', access: 'read' },
  { method: 'POST', path: '/v1/documents', access: 'write' },
  { method: 'GET', path: '/v1/documents/:id', access: 'read' },
  { method: 'DELETE', path: '/v1/documents/:id', access: 'delete' },
  { method: 'GET', path: '/v1/documents/:id/content', access: 'read' },
  { method: 'POST', path: '/memory/ingest', access: 'write' },
  { method: 'GET', path: '/dashboard/stats', access: 'read' },
  { method: 'GET', path: '/dashboard/health', access: 'read' },
  { method: 'GET', path: '/dashboard/activity', access: 'read' },
  { method: 'GET', path: '/dashboard/sectors/timeline', access: 'read' },
  { method: 'GET', path: '/dashboard/top-memories', access: 'read' },
  { method: 'GET', path: '/dashboard/maintenance', access: 'read' },
  { method: 'GET', path: '/dashboard/projects', access: 'read' },
  { method: 'POST', path: '/api/ide/events', access: 'write' },
  { method: 'POST', path: '/api/ide/context', access: 'read' },
  { method: 'POST', path: '/api/ide/session/start', access: 'write' },
  { method: 'POST', path: '/api/ide/session/end', access: 'write' },
  { method: 'GET', path: '/api/ide/patterns/:session_id', access: 'read' },
  { method: 'GET', path: '/v1/stats', access: 'read' },
  { method: 'GET', path: '/v1/vault', access: 'read' },
  { method: 'PATCH', path: '/v1/vault', access: 'admin' },
  { method: 'GET', path: '/v1/vault/api-keys', access: 'admin' },
  { method: 'POST', path: '/v1/vault/api-keys', access: 'admin' },
  { method: 'GET', path: '/v1/vault/api-keys/:id', access: 'admin' },
  { method: 'POST', path: '/v1/vault/api-keys/:id/rotate', access: 'admin' },
  { method: 'POST', path: '/v1/vault/api-keys/:id/revoke', access: 'admin' },
  { method: 'GET', path: '/v1/vaults', access: 'operator' },
  { method: 'POST', path: '/v1/vaults', access: 'operator' },
  { method: 'GET', path: '/v1/vaults/:id', access: 'operator' },
  { method: 'POST', path: '/v1/vaults/:id/suspend', access: 'operator' },
  { method: 'POST', path: '/v1/vaults/:id/resume', access: 'operator' },
  { method: 'DELETE', path: '/v1/vaults/:id', access: 'operator' },
  { method: 'GET', path: '/v1/vaults/:id/rollout', access: 'operator' },
  { method: 'GET', path: '/v1/waypoints', access: 'read' },
  { method: 'POST', path: '/v1/waypoints', access: 'write' },
  { method: 'DELETE', path: '/v1/waypoints', access: 'delete' },
  { method: 'GET', path: '/v1/waypoints/neighbours', access: 'read' },
  { method: 'GET', path: '/v1/waypoints/path', access: 'read' },
  { method: 'POST', path: '/mcp', access: 'authenticated' },
  { method: 'POST', path: '/memory/add', access: 'write' },
  { method: 'POST', path: '/memory/query', access: 'read' },
  { method: 'POST', path: '/memory/search', access: 'read' },
  { method: 'POST', path: '/memory/reinforce', access: 'write' },
  { method: 'GET', path: '/memory/all', access: 'read' },
  { method: 'GET', path: '/memory/history', access: 'read' },
  { method: 'GET', path: '/memory/:id', access: 'read' },
  { method: 'PATCH', path: '/memory/:id', access: 'write' },
  { method: 'DELETE', path: '/memory/:id', access: 'delete' },
  { method: 'POST', path: '/query', access: 'read' },
  { method: 'POST', path: '/memories', access: 'write' },
  { method: 'GET', path: '/users', access: 'read' },
  { method: 'POST', path: '/users/summaries/regenerate-all', access: 'write' },
  { method: 'GET', path: '/users/:user_id/summary', access: 'read' },
  { method: 'POST', path: '/users/:user_id/summary/regenerate', access: 'write' },
  { method: 'GET', path: '/users/:user_id/memories', access: 'read' },
  { method: 'DELETE', path: '/users/:user_id/memories', access: 'delete' },
  { method: 'GET', path: '/sectors', access: 'read' },
  ...later('GET', 'api/temporal/*', 'lgm/config', 'dynamics/*', 'api/compression/stats', 'sources'),
  ...later('POST', 'api/temporal/*', 'lgm/*', 'dynamics/*', 'api/compression/*', 'sources/*'),
  ...later('POST', 'memory/ingest/url'),
  ...later('PATCH', 'api/temporal/*'),
  ...later('DELETE', 'api/temporal/*'),
];

function later(method: RoutePermission['method'], ...paths: string[]): RoutePermission[] {
  return paths.map((path) => ({ method, path: `/${path}`, access: 'authenticated', later: true }));
}

/** Whether a route is one that answers 501. */
export function isForLater({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return ROUTE_PERMISSIONS.some((one) => one.later && one.method === method && one.path === path);
}

/** Served beside the controllers, to anyone: the description of the API, which is the same for all. */
export const DOCUMENTATION_PATHS: readonly string[] = ['/openapi.json', '/docs'];
