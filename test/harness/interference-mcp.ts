import fc from 'fast-check';
import type { Seen } from './interference-callers.js';

/** Calls of tools, in plans of interference. Memories are named by ids that both sides may use. */
export type McpOperation =
  | { readonly kind: 'mcp-query'; readonly query: string; readonly project: string | undefined }
  | { readonly kind: 'mcp-list'; readonly limit: number; readonly project: string | undefined }
  | { readonly kind: 'mcp-get' | 'mcp-reinforce' | 'mcp-delete'; readonly id: string }
  | { readonly kind: 'mcp-context'; readonly query: string }
  | { readonly kind: 'mcp-store' | 'mcp-collections' | 'mcp-config' }
  | { readonly kind: 'mcp-search'; readonly name: string; readonly query: string }
  | { readonly kind: 'mcp-create' | 'mcp-describe' | 'mcp-drop'; readonly name: string }
  | { readonly kind: 'mcp-link' | 'mcp-unlink' | 'mcp-path'; readonly src: string; readonly dst: string }
  | { readonly kind: 'mcp-waypoints' | 'mcp-neighbours'; readonly id: string };

/** @param mark what is put into every field written */
export type McpRequest = McpOperation & { readonly mark: string };

export function isMcpOperation<Other extends { readonly kind: string }>(
  operation: Other | McpOperation,
): operation is McpOperation {
  return operation.kind.startsWith('mcp-');
}

const id = fc.constantFrom('n0', 'n1', 'n2', 'n3');
const name = fc.constantFrom('c1', 'c2');
const query = fc.constantFrom('owl', 'night window', 'barn 京都', 'the café');
const project = fc.option(name, { nil: undefined });
const ends = fc.uniqueArray(id, { minLength: 2, maxLength: 2 }).map(([src, dst]) => ({ src, dst }));

export const mcpOperation: fc.Arbitrary<McpOperation> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('mcp-query' as const), query, project }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('mcp-list' as const),
      limit: fc.integer({ min: 1, max: 4 }),
      project,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('mcp-get' as const, 'mcp-reinforce' as const, 'mcp-delete' as const),
      id,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mcp-context' as const), query }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('mcp-store' as const, 'mcp-collections' as const, 'mcp-config' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mcp-search' as const), name, query }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('mcp-create' as const, 'mcp-describe' as const, 'mcp-drop' as const),
      name,
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        kind: fc.constantFrom('mcp-link' as const, 'mcp-unlink' as const, 'mcp-path' as const),
        ends,
      })
      .map(({ kind, ends: both }) => ({ kind, ...both })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('mcp-waypoints' as const, 'mcp-neighbours' as const), id }),
  },
);

/** As it goes over HTTP. @param tool undefined: not a tool, but the resource */
export function rpcOf(tool: string | undefined, args: object): object {
  const message = { jsonrpc: '2.0', id: 1 };
  if (tool === undefined) {
    return { ...message, method: 'resources/read', params: { uri: 'openmemory://config' } };
  }
  return { ...message, method: 'tools/call', params: { name: tool, arguments: args } };
}

type Call = (tool: string | undefined, args: Record<string, unknown>) => Promise<Seen>;

/** Makes the calls of a request, whatever the entrance. */
export async function askMcp(request: McpRequest, call: Call): Promise<Seen> {
  const { mark } = request;
  const description = `About it. ${mark}`;
  switch (request.kind) {
    case 'mcp-query':
      return call('openmemory_query', { query: request.query, k: 5, ...projectOf(request) });
    case 'mcp-list':
      return call('openmemory_list', { limit: request.limit, ...projectOf(request) });
    case 'mcp-get':
    case 'mcp-reinforce':
    case 'mcp-delete':
      return call(request.kind.replace('mcp-', 'openmemory_'), { id: request.id });
    case 'mcp-context':
      return call('cairn_context', { query: request.query, max_tokens: 60 });
    case 'mcp-store': {
      // Its time is that of the clock, by which other lists would be ordered: so it does not stay.
      const stored = await call('openmemory_store', { content: `An owl. ${mark}`, tags: ['t1'] });
      const told = (stored.body as { content?: { text: string }[] }).content?.[1]?.text ?? '{}';
      const { hsg } = JSON.parse(told) as { hsg?: { id: string } };
      const gone = await call('openmemory_delete', { id: hsg?.id ?? 'nothing' });
      return { ...gone, body: [stored.body, gone.body] };
    }
    case 'mcp-collections':
      return call('cairn_list_collections', { limit: 3 });
    case 'mcp-config':
      return call(undefined, {});
    case 'mcp-search':
      return call('cairn_search_collection', { collection: request.name, query: request.query });
    case 'mcp-create':
      return call('cairn_create_collection', { name: request.name, description });
    case 'mcp-describe':
      return call('cairn_describe_collection', { name: request.name, description });
    case 'mcp-drop':
      return call('cairn_delete_collection', { name: request.name });
    case 'mcp-link':
      return call('cairn_create_waypoint', {
        ...{ src_id: request.src, dst_id: request.dst, type: 'x', weight: 0.5 },
        metadata: mark ? { [mark]: mark } : {},
      });
    case 'mcp-unlink':
      return call('cairn_delete_waypoint', { src_id: request.src, dst_id: request.dst, type: 'x' });
    case 'mcp-path':
      return call('cairn_waypoint_path', { from: request.src, to: request.dst, type: 'x' });
    case 'mcp-waypoints':
      return call('cairn_list_waypoints', { memory_id: request.id, type: 'x', limit: 100 });
    case 'mcp-neighbours':
      return call('cairn_waypoint_neighbours', { memory_id: request.id, type: 'x', limit: 100 });
  }
}

function projectOf({ project: project_id }: { readonly project: string | undefined }) {
  return project_id === undefined ? {} : { project_id };
}

/**
 * What was seen, with the JSON in texts as what it says, so that the times of writing in it are found. Of those that
 * are alike, random ids decide which waypoint comes first.
 */
export function settledTools({ kind }: McpOperation, seen: Seen): Seen {
  const body = parsed(seen.body) as { content?: readonly [unknown, ({ items?: unknown[] } | undefined)?] };
  const items = body?.content?.[1]?.items;
  const isAlike = kind === 'mcp-waypoints' || kind === 'mcp-neighbours';
  if (!isAlike || !Array.isArray(items)) return { ...seen, body };
  const sorted = items.map((item) => JSON.stringify(item)).sort();
  return { ...seen, body: sorted.map((item) => JSON.parse(item) as unknown) };
}

function parsed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(parsed);
  if (typeof value !== 'object' || value === null) return value;
  const { type, text, uri } = value as { type?: unknown; text?: unknown; uri?: unknown };
  if (typeof text === 'string' && (type === 'text' || uri !== undefined)) {
    try {
      return JSON.parse(JSON.stringify(JSON.parse(text), withoutClock));
    } catch {
      return text;
    }
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, parsed(part)]));
}

/** A waypoint came about when the clock says so. */
function withoutClock(this: unknown, name: string, value: unknown): unknown {
  const isOfWaypoint = typeof this === 'object' && this !== null && 'src_id' in this;
  return name === 'created_at' && isOfWaypoint ? undefined : value;
}
