import { etagOf, versionsOf } from '../../src/memories/etag.js';
import { MemoriesService } from '../../src/memories/memories.service.js';
import type { CreateMemoryDto, PatchMemoryDto } from '../../src/memories/memory.dto.js';
import { MemoryDto, MemoryVersionDto } from '../../src/memories/memory-view.dto.js';
import { MemoryLister } from '../../src/memories/memory-lister.js';
import type { DeleteMemoriesDto, ListMemoriesDto, SearchDto } from '../../src/memories/memory-query.dto.js';
import { MemorySearch } from '../../src/memories/memory-search.js';
import { ApiError } from '../../src/http/api-error.js';
import { PERMISSIONS } from '../../src/auth/permissions.js';
import { makeScope } from '../../src/tenancy/scope.js';
import { TenantContext } from '../../src/tenancy/tenant-context.js';
import type { Answer, Client, TestService } from './app.js';

/** What one request gave, as far as its caller can see. */
export interface Seen {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever came back
  readonly body?: any;
}

/** The service as one identity sees it, over whatever entrance. */
export interface Caller {
  create(body: CreateMemoryDto): Promise<Seen>;
  get(id: string): Promise<Seen>;
  history(id: string): Promise<Seen>;
  patch(id: string, change: PatchMemoryDto, etag: string | undefined): Promise<Seen>;
  delete(id: string, etag: string | undefined): Promise<Seen>;
  purge(query: DeleteMemoriesDto): Promise<Seen>;
  list(query: ListMemoriesDto): Promise<Seen>;
  search(body: SearchDto): Promise<Seen>;
  whoami(): Promise<Seen>;
}

export interface Identity {
  readonly vault: string;
  /** Undefined: a service of the vault. */
  readonly user: string | undefined;
}

/** Over HTTP, with all headers but the date. */
export class HttpCaller implements Caller {
  private readonly client: Client;

  constructor(service: TestService, { vault, user }: Identity) {
    this.client = service.as(vault, user);
  }

  create = (body: CreateMemoryDto) => this.send('POST', '/v1/memories', body);
  get = (id: string) => this.send('GET', `/v1/memories/${encodeURIComponent(id)}`);
  history = (id: string) => this.send('GET', `/v1/memories/${encodeURIComponent(id)}/history`);
  patch = (id: string, change: PatchMemoryDto, etag: string | undefined) =>
    this.send('PATCH', `/v1/memories/${encodeURIComponent(id)}`, change, etag);
  delete = (id: string, etag: string | undefined) =>
    this.send('DELETE', `/v1/memories/${encodeURIComponent(id)}`, undefined, etag);
  purge = (query: DeleteMemoriesDto) => this.send('DELETE', `/v1/memories?${textOf(query)}`);
  list = (query: ListMemoriesDto) => this.send('GET', `/v1/memories?${textOf(query)}`);
  search = (body: SearchDto) => this.send('POST', '/v1/memories/search', body);
  whoami = () => this.send('GET', '/v1/whoami');

  private async send(method: string, path: string, body?: unknown, etag?: string): Promise<Seen> {
    const headers = { 'x-request-id': 'same', ...(etag === undefined ? {} : { 'if-match': etag }) };
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
  private readonly memories: MemoriesService;
  private readonly lister: MemoryLister;
  private readonly finder: MemorySearch;

  constructor(
    service: TestService,
    private readonly identity: Identity,
  ) {
    this.memories = service.app.get(MemoriesService);
    this.lister = service.app.get(MemoryLister);
    this.finder = service.app.get(MemorySearch);
  }

  create = (body: CreateMemoryDto) =>
    this.run(async () => {
      const { memory, created } = await this.memories.create(body);
      return { created, etag: etagOf(memory), memory: MemoryDto.of(memory) };
    });
  get = (id: string) => this.run(async () => MemoryDto.of(await this.memories.get(id)));
  history = (id: string) =>
    this.run(async () => (await this.memories.history(id)).map((version) => MemoryVersionDto.of(version)));
  patch = (id: string, change: PatchMemoryDto, etag: string | undefined) =>
    this.run(async () => MemoryDto.of(await this.memories.patch(id, change, versionsOf(etag))));
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
  whoami = () => this.run(async () => TenantContext.scope());

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
