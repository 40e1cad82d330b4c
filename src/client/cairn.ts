import { type Operations, ROUTES } from './operations.js';

export type * from './operations.js';

export interface CairnOptions {
  /** Where the service is: `http://127.0.0.1:8080` */
  readonly baseUrl: string;
  /** A JWT, or a function that gives a good one; left out in dev mode. */
  readonly token?: string | (() => string | Promise<string>);
  /** Dev mode only: the vault, and the user in it. */
  readonly vault?: string;
  readonly user?: string;
  /** Milliseconds until a request is given up; 30,000 when left out. */
  readonly timeoutMs?: number;
  /** How often a request is made again that the service is too busy for; 3 when left out. */
  readonly retries?: number;
}

export interface CallOptions {
  /** Has a write take effect once, however often it is made; then it is made again after a broken connection too. */
  readonly idempotencyKey?: string;
  /** The ETag that what is changed must still have: the version in quotation marks. */
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
}

type Input<Id extends keyof Operations> = Omit<Operations[Id], 'answer' | 'header'>;
type Answer<Id extends keyof Operations> = Operations[Id]['answer'];
/** Operations without anything that has to be given can be called without an argument. */
type Given<Id extends keyof Operations> =
  Record<never, never> extends Input<Id> ? [input?: Input<Id>] : [input: Input<Id>];

/** Ids of operations whose answers come in pages. */
type Paged = {
  [Id in keyof Operations]: Answer<Id> extends { items: unknown[]; next_cursor: string | null } ? Id : never;
}[keyof Operations];

/** The service said no. */
export class CairnError extends Error {
  override readonly name = 'CairnError';

  constructor(
    /** HTTP status. */
    readonly status: number,
    /** A stable word for a program, such as `NOT_FOUND`. */
    readonly code: string,
    message: string,
    /** What is wrong with which field. */
    readonly errors: readonly { field: string; message: string }[] = [],
    /** `urn:request:` and the id of the request in the service's log. */
    readonly instance?: string,
  ) {
    super(message);
  }
}

/**
 * A client of Cairn, for Node and browsers: a thin, typed layer over `fetch`.
 *
 *     const cairn = new Cairn({ baseUrl: 'http://127.0.0.1:8080', vault: 'acme' });
 *     const memory = await cairn.call('memories.create', { body: { content: 'Ana likes window seats.' } });
 *     for await (const user of cairn.pages('users.list')) console.log(user.user_id);
 */
export class Cairn {
  constructor(private readonly options: CairnOptions) {}

  /** Makes one call. @throws CairnError when the service refuses, TypeError when it cannot be reached */
  async call<Id extends keyof Operations>(
    id: Id,
    ...[input, options]: [...Given<Id>, options?: CallOptions]
  ): Promise<Answer<Id>> {
    return (await this.send(
      id,
      input as Parts | undefined,
      options as CallOptions | undefined,
    )) as Answer<Id>;
  }

  /** Every item of a list, fetched page by page. */
  async *pages<Id extends Paged>(
    id: Id,
    ...[input]: Given<Id>
  ): AsyncGenerator<(Answer<Id> & { items: unknown[] })['items'][number]> {
    let parts = (input ?? {}) as Parts;
    for (;;) {
      const page = (await this.send(id, parts)) as {
        items: (Answer<Id> & { items: unknown[] })['items'];
        next_cursor: string | null;
      };
      yield* page.items;
      if (page.next_cursor === null) return;
      parts = { ...parts, query: { ...parts.query, cursor: page.next_cursor } };
    }
  }

  private async send(
    id: keyof Operations,
    { path = {}, query = {}, body }: Parts = {},
    call: CallOptions = {},
  ): Promise<unknown> {
    const [method, template] = ROUTES[id];
    const url = new URL(
      this.options.baseUrl.replace(/\/$/, '') +
        template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name]))),
    );
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const isSafe = method === 'GET' || call.idempotencyKey !== undefined;
    const { retries = 3 } = this.options;
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.fetch(url, method, body, call).catch((error: unknown) => {
        if (!isSafe || attempt >= retries || call.signal?.aborted) throw error;
        return undefined;
      });
      if (response && (response.status !== 503 || attempt >= retries)) return read(response);
      await response?.body?.cancel();
      // Told when to come again, or a little later each time.
      const seconds = Number(response?.headers.get('retry-after') ?? 0.2 * 2 ** attempt);
      await new Promise((resolve) => setTimeout(resolve, Math.min(seconds, 10) * 1_000));
    }
  }

  private async fetch(url: URL, method: string, body: unknown, call: CallOptions): Promise<Response> {
    const { token, vault, user, timeoutMs = 30_000 } = this.options;
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (token !== undefined)
      headers.authorization = `Bearer ${typeof token === 'string' ? token : await token()}`;
    if (vault !== undefined) headers['x-vault-id'] = vault;
    if (user !== undefined) headers['x-user-id'] = encodeURIComponent(user);
    if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
    if (call.ifMatch !== undefined) headers['if-match'] = call.ifMatch;
    const timeout = AbortSignal.timeout(timeoutMs);
    return fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
    });
  }
}

interface Parts {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text();
  const body: unknown =
    response.headers.get('content-type')?.includes('json') && text ? JSON.parse(text) : undefined;
  if (response.ok) return body;
  const {
    code = 'UNKNOWN',
    detail,
    errors,
    instance,
  } = (body ?? {}) as {
    code?: string;
    detail?: string;
    errors?: { field: string; message: string }[];
    instance?: string;
  };
  throw new CairnError(response.status, code, detail ?? `HTTP ${response.status}`, errors, instance);
}
