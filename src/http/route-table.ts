import type { FastifyInstance } from 'fastify';

interface Route {
  readonly method: string;
  readonly segments: readonly string[];
}

/** The routes of a server, for telling a path that does not exist from one that lacks the method (405). */
export class RouteTable {
  private readonly routes: Route[] = [];

  /** To be called before the first route is added. */
  watch(server: FastifyInstance): void {
    server.addHook('onRoute', ({ method, url }) => {
      // A path of `*` alone is the plug-ins' way to look at every request: it is nobody's path.
      if (url === '*') return;
      const segments = url.split('/');
      for (const name of [method].flat()) this.routes.push({ method: name, segments });
    });
  }

  /** The methods that `target` (a path, perhaps with a query) is served under, sorted. */
  methodsOf(target: string): string[] {
    const segments = target.split('?', 1)[0].split('/');
    const methods = this.routes.filter((route) => matches(route, segments)).map(({ method }) => method);
    return [...new Set(methods)].sort();
  }
}

function matches({ segments: pattern }: Route, segments: readonly string[]): boolean {
  if (pattern.at(-1) === '*') {
    return segments.length >= pattern.length && fits(pattern.slice(0, -1), segments);
  }
  return segments.length === pattern.length && fits(pattern, segments);
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.every((part, at) => (part.startsWith(':') ? segments[at] !== '' : part === segments[at]));
}
