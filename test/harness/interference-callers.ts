import { MemoryContext } from '../../src/memories/context.js';
import type { ContextDto } from '../../src/memories/context.dto.js';
import { etagOf, versionsOf } from '../../src/memories/etag.js';
import { MemoriesService } from '../../src/memories/memories.service.js';
import type { CreateMemoryDto, PatchMemoryDto } from '../../src/memories/memory.dto.js';
import { MemoryDto, MemoryVersionDto } from '../../src/memories/memory-view.dto.js';
import { MemoryBatch } from '../../src/memories/memory-batch.js';
import { MemoryLister } from '../../src/memories/memory-lister.js';
import type { DeleteMemoriesDto, ListMemoriesDto, SearchDto } from '../../src/memories/memory-query.dto.js';
import { MemoryReinforcement } from '../../src/memories/memory-reinforcement.js';
import type { ReinforceDto } from '../../src/memories/memory-reinforcement.dto.js';
import { MemorySearch } from '../../src/memories/memory-search.js';
import { ApiError } from '../../src/http/api-error.js';
import { PERMISSIONS } from '../../src/auth/permissions.js';
import { makeScope } from '../../src/tenancy/scope.js';
import { TenantContext } from '../../src/tenancy/tenant-context.js';
import { UsersService } from '../../src/users/users.service.js';
import { WaypointLister } from '../../src/waypoints/waypoint-lister.js';
import { WaypointWalker } from '../../src/waypoints/waypoint-walker.js';
import { WaypointsService } from '../../src/waypoints/waypoints.service.js';
import type { Answer, Client, TestService } from './app.js';
import { type KeyRequest, askKeys, httpOfKeys } from './interference-keys.js';
import { McpTools } from '../../src/mcp/mcp-tools.js';
import { ConfigResource } from '../../src/mcp/config-resource.js';
import { type McpRequest, askMcp, rpcOf } from './interference-mcp.js';
import { type OldRequest, askOld, httpOfOld } from './interference-openmemory.js';
import { type ResourceRequest, askResources, httpOfResources } from './interference-resources.js';
import { type UserRequest, askService, httpOf } from './interference-users.js';
import {
  type WaypointRequest,
  type WaypointServices,
  askWaypoints,
  httpOfWaypoints,
} from './interference-waypoints.js';

/** What one request gave, as far as its caller can see. */
export interface Seen {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever came back
  readonly body?: any;
}

/** For an answer that says the same with more or fewer characters. */
export function withoutLength(seen: Seen): Seen {
  const { 'content-length': _, ...headers } = seen.headers ?? {};
  return { ...seen, headers };
}

/** The service as one identity sees it, over whatever entrance. */
export interface Caller {
  /** Whether it may name users other than its own. */
  readonly namesUsers: boolean;
  create(body: CreateMemoryDto): Promise<Seen>;
  batch(rows: readonly CreateMemoryDto[]): Promise<Seen>;
  get(id: string): Promise<Seen>;
  history(id: string): Promise<Seen>;
  patch(id: string, change: PatchMemoryDto, etag: string | undefined): Promise<Seen>;
  reinforce(id: string, body: ReinforceDto): Promise<Seen>;
  delete(id: string, etag: string | undefined): Promise<Seen>;
  purge(query: DeleteMemoriesDto): Promise<Seen>;
  list(query: ListMemoriesDto): Promise<Seen>;
  search(body: SearchDto): Promise<Seen>;
  context(body: ContextDto): Promise<Seen>;
  whoami(): Promise<Seen>;
  users(request: UserRequest): Promise<Seen>;
  resources(request: ResourceRequest): Promise<Seen>;
  keys(request: KeyRequest): Promise<Seen>;
  mcp(request: McpRequest): Promise<Seen>;
  waypoints(request: WaypointRequest): Promise<Seen>;
  old(request: OldRequest): Promise<Seen>;
}

export interface Identity {
  readonly vault: string;
  /** Undefined: a service of the vault. */
  readonly user: string | undefined;
}

/** Over HTTP, with all headers but the date. */
export class HttpCaller implements Caller {
  readonly namesUsers: boolean;
  private readonly client: Client;

  constructor(service: TestService, { vault, user }: Identity) {
    this.namesUsers = user === undefined;
    const permissions = ['read', 'write', 'delete', 'admin'];
    this.client = service.as(vault, user, user === undefined ? [...permissions, 'vault'] : permissions);
  }

  create = (body: CreateMemoryDto) => this.send('POST', '/v1/memories', body);
  batch = (rows: readonly CreateMemoryDto[]) => this.send('POST', '/v1/memories/batch', rows);
  get = (id: string) => this.send('GET', `/v1/memories/${encodeURIComponent(id)}`);
  history = (id: string) => this.send('GET', `/v1/memories/${encodeURIComponent(id)}/history`);
  patch = (id: string, change: PatchMemoryDto, etag: string | undefined) =>
    this.send('PATCH', `/v1/memories/${encodeURIComponent(id)}`, change, etag);
  reinforce = (id: string, body: ReinforceDto) =>
    this.send('POST', `/v1/memories/${encodeURIComponent(id)}/reinforce`, body);
  delete = (id: string, etag: string | undefined) =>
    this.send('DELETE', `/v1/memories/${encodeURIComponent(id)}`, undefined, etag);
  purge = (query: DeleteMemoriesDto) => this.send('DELETE', `/v1/memories?${textOf(query)}`);
  list = (query: ListMemoriesDto) => this.send('GET', `/v1/memories?${textOf(query)}`);
  search = (body: SearchDto) => this.send('POST', '/v1/memories/search', body);
  context = (body: ContextDto) => this.send('POST', '/v1/memories/context', body);
  whoami = () => this.send('GET', '/v1/whoami');
  users = (request: UserRequest) => this.send(...httpOf(request));
  resources = (request: ResourceRequest) => this.send(...httpOfResources(request));
  keys = (request: KeyRequest) => this.send(...httpOfKeys(request));
  waypoints = (request: WaypointRequest) => this.send(...httpOfWaypoints(request));
  mcp = (request: McpRequest) =>
    askMcp(request, async (name, args) => {
      const seen = await this.send('POST', '/mcp', rpcOf(name, args));
      return { ...seen, body: seen.body.result ?? seen.body };
    });
  old = (request: OldRequest) => this.send(...httpOfOld(request));

  private async send(method: string, path: string, body?: unknown, etag?: string): Promise<Seen> {
    const headers = {
      ...{ 'x-request-id': 'same', accept: 'application/json, text/event-stream' },
      ...(etag === undefined ? {} : { 'if-match': etag }),
    };
    return seenOf(await this.client.send(method, path, body, headers));
  }
}

function seenOf({ status, headers, body, text }: Answer): Seen {
  const kept = [...headers].filter(([name]) => name !== 'date');
  return { status, headers: Object.fromEntries(kept), body: (body as unknown) ?? text };
}

function textOf(query: object): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return new URLSearchParams(given).toString();
}

/** The services themselves, in this process: no guard, no HTTP, one context. */
export class ServiceCaller implements Caller {
  readonly namesUsers: boolean;
  private readonly memories: MemoriesService;
  private readonly usersService: UsersService;
  private readonly waypointServices: WaypointServices;
  private readonly batches: MemoryBatch;
  private readonly lister: MemoryLister;
  private readonly finder: MemorySearch;
  private readonly contexts: MemoryContext;
  private readonly reinforcement: MemoryReinforcement;

  constructor(
    private readonly service: TestService,
    private readonly identity: Identity,
  ) {
    this.namesUsers = identity.user === undefined;
    this.memories = service.app.get(MemoriesService);
    this.usersService = service.app.get(UsersService);
    this.waypointServices = {
      waypoints: service.app.get(WaypointsService),
      lister: service.app.get(WaypointLister),
      walker: service.app.get(WaypointWalker),
    };
    this.batches = service.app.get(MemoryBatch);
    this.lister = service.app.get(MemoryLister);
    this.finder = service.app.get(MemorySearch);
    this.contexts = service.app.get(MemoryContext);
    this.reinforcement = service.app.get(MemoryReinforcement);
  }

  create = (body: CreateMemoryDto) =>
    this.run(async () => {
      const { memory, created } = await this.memories.create(body);
      return { created, etag: etagOf(memory), memory: MemoryDto.of(memory) };
    });
  batch = (rows: readonly CreateMemoryDto[]) =>
    this.run(() =>
      this.batches.store({ length: rows.length, sizeOf: () => 1, read: (index) => rows[index] }),
    );
  get = (id: string) => this.run(async () => MemoryDto.of(await this.memories.get(id)));
  history = (id: string) =>
    this.run(async () => (await this.memories.history(id)).map((version) => MemoryVersionDto.of(version)));
  patch = (id: string, change: PatchMemoryDto, etag: string | undefined) =>
    this.run(async () => MemoryDto.of(await this.memories.patch(id, change, versionsOf(etag))));
  reinforce = (id: string, { amount }: ReinforceDto) =>
    this.run(async () => MemoryDto.of(await this.reinforcement.reinforce(id, amount)));
  delete = (id: string, etag: string | undefined) =>
    this.run(() => this.memories.delete(id, versionsOf(etag)));
  purge = (query: DeleteMemoriesDto) => this.run(() => this.lister.deleteMatching(query));
  list = (query: ListMemoriesDto) =>
    this.run(async () => {
      const { items, nextCursor, count } = await this.lister.list(query);
      return { items: items.map((memory) => MemoryDto.of(memory)), next_cursor: nextCursor, count };
    });
  search = (body: SearchDto) =>
    this.run(async () =>
      (await this.finder.search(body)).map(({ memory, score }) => ({ ...MemoryDto.of(memory), score })),
    );
  context = (body: ContextDto) =>
    this.run(async () => {
      const { memories, ...rest } = await this.contexts.build(body);
      return { memories: memories.map(({ memory, score }) => ({ ...MemoryDto.of(memory), score })), ...rest };
    });
  whoami = () => this.run(async () => TenantContext.scope());
  users = (request: UserRequest) => this.run(() => askService(this.usersService, request));
  resources = (request: ResourceRequest) => this.run(() => askResources(this.service, request));
  keys = (request: KeyRequest) => this.run(() => askKeys(this.service, request));
  waypoints = (request: WaypointRequest) => this.run(() => askWaypoints(this.waypointServices, request));
  mcp = (request: McpRequest) =>
    askMcp(request, (name, args) =>
      this.run(() => {
        if (name === undefined) return this.service.app.get(ConfigResource).read([]);
        return this.service.app.get(McpTools).call({ name, arguments: args });
      }),
    );
  old = (request: OldRequest) => this.run(() => askOld(this.service, request));

  private async run(work: () => Promise<unknown>): Promise<Seen> {
    const { vault, user } = this.identity;
    const scope = makeScope({ vaultId: vault, userId: user, permissions: PERMISSIONS });
    try {
      const body = await TenantContext.run(scope, work);
      return { status: 200, body: JSON.parse(JSON.stringify(body ?? null)) };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { code, detail, errors } = error;
      return { status: error.getStatus(), body: { code, detail, errors } };
    }
  }
}
