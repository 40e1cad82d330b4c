import fc from 'fast-check';
import { WaypointDto } from '../../src/waypoints/waypoint-view.dto.js';
import type { WaypointLister } from '../../src/waypoints/waypoint-lister.js';
import { DEFAULT_TYPE } from '../../src/waypoints/waypoint-types.js';
import type { WaypointWalker } from '../../src/waypoints/waypoint-walker.js';
import type { WaypointsService } from '../../src/waypoints/waypoints.service.js';
import { type Seen, withoutLength } from './interference-callers.js';

/** Requests about waypoints, in plans of interference; memories are named by targets. */
export type WaypointOperation<Target> =
  | {
      readonly kind: 'link';
      readonly src: Target;
      readonly dst: Target;
      readonly type: string | undefined;
      readonly weight: number;
    }
  | { readonly kind: 'unlink'; readonly src: Target; readonly dst: Target; readonly type: string | undefined }
  | { readonly kind: 'waypoints'; readonly about: Target | undefined; readonly type: string | undefined }
  | { readonly kind: 'neighbours'; readonly about: Target; readonly depth: number }
  | {
      readonly kind: 'path';
      readonly src: Target;
      readonly dst: Target;
      readonly mode: 'shortest' | 'strongest';
    };

/** One of them as it is sent. */
export type WaypointRequest = WaypointOperation<string> & { readonly mark?: string };

const type = fc.constantFrom(undefined, 'x');

/** @param ends two memories, which in every run are two or are one */
export function waypointOperation<Target>(
  target: fc.Arbitrary<Target>,
  ends: fc.Arbitrary<{ readonly src: Target; readonly dst: Target }>,
): fc.Arbitrary<WaypointOperation<Target>> {
  const mode = fc.constantFrom('shortest' as const, 'strongest' as const);
  const filter = fc.constantFrom(undefined, 'next', 'similar', 'x');
  const of = <Kind extends string>(kind: Kind) => fc.constant(kind);
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .record({ kind: of('link'), both: ends, type, weight: fc.constantFrom(0.25, 0.5, 1) })
        .map(({ both, ...rest }) => ({ ...both, ...rest })),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ kind: of('unlink'), both: ends, type })
        .map(({ both, ...rest }) => ({ ...both, ...rest })),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: of('waypoints'),
        about: fc.option(target, { nil: undefined }),
        type: filter,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: of('neighbours'), about: target, depth: fc.integer({ min: 1, max: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ kind: of('path'), both: ends, mode })
        .map(({ both, ...rest }) => ({ ...both, ...rest })),
    },
  );
}

/** A request whose targets have become ids. */
export function withIds<Target>(
  operation: WaypointOperation<Target>,
  idOf: (target: Target) => string,
): WaypointRequest {
  switch (operation.kind) {
    case 'waypoints':
      return { ...operation, about: operation.about && idOf(operation.about) };
    case 'neighbours':
      return { ...operation, about: idOf(operation.about) };
    default:
      return { ...operation, src: idOf(operation.src), dst: idOf(operation.dst) };
  }
}

/** As it goes over HTTP. */
export function httpOfWaypoints(request: WaypointRequest): [method: string, path: string, body?: object] {
  const path = (under: string, params: Record<string, string | number | undefined>) => {
    const given = Object.entries(params).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    return `/v1/waypoints${under}?${new URLSearchParams(given)}`;
  };
  switch (request.kind) {
    case 'link':
      return [
        'POST',
        '/v1/waypoints',
        { ...keyOf(request), weight: request.weight, metadata: metadataOf(request) },
      ];
    case 'unlink':
      return ['DELETE', path('', keyOf(request))];
    case 'waypoints':
      return ['GET', `${path('', { memory_id: request.about, type: request.type })}&limit=100&count=true`];
    case 'neighbours':
      return ['GET', path('/neighbours', { memory_id: request.about, depth: request.depth, limit: 100 })];
    case 'path':
      return ['GET', path('/path', { from: request.src, to: request.dst, mode: request.mode })];
  }
}

export interface WaypointServices {
  readonly waypoints: WaypointsService;
  readonly lister: WaypointLister;
  readonly walker: WaypointWalker;
}

/** What the services themselves give. */
export async function askWaypoints(
  { waypoints, lister, walker }: WaypointServices,
  request: WaypointRequest,
): Promise<unknown> {
  switch (request.kind) {
    case 'link': {
      const { src: srcId, dst: dstId, type = DEFAULT_TYPE, weight } = request;
      const { waypoint, created } = await waypoints.put({
        ...{ srcId, dstId, type, weight },
        metadata: metadataOf(request),
      });
      return { ...WaypointDto.of(waypoint), created };
    }
    case 'unlink':
      return waypoints.delete({ srcId: request.src, dstId: request.dst, type: request.type ?? DEFAULT_TYPE });
    case 'waypoints': {
      const { about: memory_id, type } = request;
      const { items, count } = await lister.list({ memory_id, type, limit: 100, count: true });
      return { items: items.map((waypoint) => WaypointDto.of(waypoint)), count };
    }
    case 'neighbours': {
      const { about: memory_id, depth } = request;
      const { neighbours, truncated } = await walker.neighbours({ memory_id, depth, limit: 100 });
      return { items: neighbours, truncated };
    }
    case 'path': {
      const { path, truncated } = await walker.path({
        from: request.src,
        to: request.dst,
        mode: request.mode,
      });
      return { path: path?.memories ?? null, weight: path?.weight ?? null, truncated };
    }
  }
}

/**
 * What was seen, as far as it is the same in every run: not the times of writing; and where two things are alike,
 * the ids that the service draws at random decide which comes first, or by which of them a way leads.
 *
 * @param made the ids that were drawn, in order
 */
export function settled({ kind }: WaypointRequest, seen: Seen, made: readonly string[]): Seen {
  const text = made.reduce(
    (all, id, i) => all.replaceAll(id, `made ${i}`),
    JSON.stringify(seen.body ?? null, withoutClock),
  );
  const body = JSON.parse(text);
  if (kind === 'path' && seen.status === 200) {
    const { path, weight, truncated } = body;
    // Whatever memories there are, none of them is another's.
    const said = text.match(/canary\w*/g);
    return { ...withoutLength(seen), body: { steps: path?.length, weight, truncated, said } };
  }
  if (Array.isArray(body?.items)) {
    const items = (body.items as { via?: unknown }[]).map(({ via: _, ...item }) => JSON.stringify(item));
    return { ...seen, body: { ...body, items: items.sort().map((item) => JSON.parse(item)) } };
  }
  return { ...seen, body };
}

function withoutClock(this: unknown, name: string, value: unknown): unknown {
  if (['updated_at', 'updatedAt', 'last_seen_at', 'lastSeenAt'].includes(name)) return undefined;
  const isOfWaypoint = typeof this === 'object' && this !== null && 'src_id' in this;
  return name === 'created_at' && isOfWaypoint ? undefined : value;
}

const keyOf = ({
  src: src_id,
  dst: dst_id,
  type,
}: {
  src: string;
  dst: string;
  type: string | undefined;
}) => ({
  src_id,
  dst_id,
  type,
});

const metadataOf = ({ mark }: WaypointRequest) => (mark ? { [mark]: mark } : {});
