import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateMemoryDto } from '../../src/memories/memory.dto.js';
import type { ListMemoriesDto } from '../../src/memories/memory-query.dto.js';
import type { Sector } from '../../src/memories/sectors.js';
import { type Caller, type Seen, withoutLength } from './interference-callers.js';
import { settledKeys } from './interference-keys.js';
import { isMcpOperation, settledTools } from './interference-mcp.js';
import type { UserOperation } from './interference-users.js';
import { settled, withIds } from './interference-waypoints.js';
import {
  CANARY,
  type Filter,
  type NewMemory,
  type Operation,
  type Step,
  type Target,
} from './interference-plan.js';

/** Stands for what only the other side could have made, where there is no other side. */
const NO_ID = '00000000-0000-7000-8000-000000000000';
const NO_CURSOR = Buffer.from(JSON.stringify([1001, NO_ID, 'x'.repeat(22)])).toString('base64url');
const FAR_FUTURE = 4_102_444_800_000;

/** One of the two, with what it has come by and the other may try. */
class Side {
  readonly seen: Seen[] = [];
  private readonly made: string[] = [];
  private readonly madeKeys: string[] = [];
  private lastList: { query: ListMemoriesDto; cursor: string } | undefined;
  private lastUsers: string | undefined;
  private steps = 0;

  /** @param mark what is put into every field written; '' for A */
  constructor(
    private readonly caller: Caller,
    private readonly mark: string,
    private readonly ownNames: boolean,
  ) {}

  async perform(operation: Operation, other: Side | undefined): Promise<void> {
    this.steps += 1;
    const seen = await this.send(operation, other, this.steps);
    if (seen.status >= 500) throw new Error(`${operation.kind} was answered ${JSON.stringify(seen)}`);
    this.seen.push(seen);
  }

  private async send(op: Operation, other: Side | undefined, step: number): Promise<Seen> {
    if (isMcpOperation(op)) {
      return settledTools(op, await this.caller.mcp({ ...op, mark: this.mark }));
    }
    switch (op.kind) {
      case 'create':
        return this.create(op, step);
      case 'batch':
        return this.batch(op.rows, step);
      case 'get':
      case 'history':
        return this.caller[op.kind](this.idOf(op.target, other));
      case 'patch': {
        const change = {
          content: op.content && this.marked(op.content),
          tags: op.tags && this.markedTags(op.tags),
          session_id: op.session,
        };
        const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
        return this.caller.patch(this.idOf(op.target, other), given, etag(op.version));
      }
      case 'reinforce':
        return this.caller.reinforce(this.idOf(op.target, other), { amount: op.amount });
      case 'delete':
        return this.caller.delete(this.idOf(op.target, other), etag(op.version));
      case 'purge':
        return this.caller.purge({ ...columns(op.filter), tag: op.filter.tag, dry_run: op.dryRun });
      case 'list': {
        const { order, limit, count } = op;
        return this.list({ ...columns(op.filter), tag: op.filter.tag, order, limit, count });
      }
      case 'next': {
        const from = op.others ? other?.lastList : this.lastList;
        return this.list({
          ...(from?.query ?? { order: 'asc', limit: 2 }),
          cursor: from?.cursor ?? NO_CURSOR,
        });
      }
      case 'search': {
        const { tag } = op.filter;
        const filters = { ...columns(op.filter), ...(tag && { tags: [tag] }) };
        const least = op.least === undefined ? {} : { min_score: op.least };
        return this.caller.search({ query: op.query, limit: op.limit, filters: { ...filters, ...least } });
      }
      case 'context': {
        const { query, tokens: max_tokens } = op;
        const { tag } = op.filter;
        const filters = { ...columns(op.filter), ...(tag && { tags: [tag] }) };
        return this.caller.context({ query, max_tokens, filters });
      }
      case 'whoami':
        return this.caller.whoami();
      case 'sessions':
      case 'session':
      case 'delete-session':
      case 'dashboard-stats':
      case 'dashboard-top':
      case 'dashboard-projects':
      case 'editor-context':
      case 'editor-patterns':
      case 'documents':
      case 'ingest':
      case 'document':
      case 'delete-document':
      case 'metamorph-sessions':
      case 'metamorph-session':
      case 'metamorph-memories':
      case 'metamorph-delete':
      case 'collections':
      case 'collection':
      case 'describe':
      case 'redescribe':
      case 'delete-collection':
      case 'stats':
      case 'vault':
        return this.caller.resources({ ...op, mark: this.mark });
      case 'keys':
      case 'make-key':
      case 'get-key':
      case 'rotate-key':
      case 'revoke-key': {
        const [keys, back] =
          !('whose' in op) || 'made' in op.whose
            ? [this.madeKeys, 'whose' in op && 'made' in op.whose ? op.whose.made : 0]
            : [other?.madeKeys ?? [], op.whose.others];
        const id = keys.at(-1 - (back % Math.max(1, keys.length))) ?? NO_ID;
        const name = this.marked(`key ${step}`);
        return settledKeys(await this.caller.keys({ ...op, id, name }), this.madeKeys);
      }
      case 'link':
      case 'unlink':
      case 'waypoints':
      case 'neighbours':
      case 'path': {
        const request = { ...withIds(op, (target) => this.idOf(target, other)), mark: this.mark };
        return settled(request, await this.caller.waypoints(request), this.made);
      }
      case 'old-get':
      case 'old-patch':
      case 'old-reinforce':
      case 'old-delete':
        return this.caller.old({ ...op, target: this.idOf(op.target, other), mark: this.mark });
      case 'old-add':
        return this.oldAdd(op);
      case 'old-query':
      case 'old-all':
      case 'old-summary':
      case 'old-regenerate':
      case 'old-user-memories':
      case 'old-clear':
      case 'old-users':
      case 'old-sectors':
        return this.caller.old({ ...op, mark: this.mark });
      default:
        return this.users(op, other);
    }
  }

  private async create(op: NewMemory, step: number): Promise<Seen> {
    const seen = await this.caller.create(this.bodyOf(op, step));
    const memory = seen.body.memory ?? seen.body;
    const isNew = (seen.body.created as boolean | undefined) ?? seen.status === 201;
    if (op.named === undefined && isNew) this.made.push(memory.id as string);
    return seen;
  }

  private async oldAdd(op: Extract<Operation, { kind: 'old-add' }>): Promise<Seen> {
    const began = Date.now();
    const seen = await this.caller.old({ ...op, mark: this.mark });
    // One that was there already may have a name of the pool, which the other side may have given too.
    const isNew = seen.status < 300 && seen.body.deduplicated === undefined;
    if (isNew) this.made.push(seen.body.id as string);
    // Lists are ordered by time and id: the time is the clock's, and an id that is random must not decide.
    while (Date.now() <= began + 1) await sleep(1);
    return seen;
  }

  private async batch(rows: readonly NewMemory[], step: number): Promise<Seen> {
    const seen = await this.caller.batch(rows.map((row) => this.bodyOf(row, step)));
    const results = (seen.body.results ?? []) as { index: number; status: string; id: string }[];
    for (const { index, status, id } of results) {
      if (rows[index].named === undefined && status === 'created') this.made.push(id);
    }
    return seen;
  }

  private bodyOf(op: NewMemory, step: number): CreateMemoryDto {
    return {
      content: op.plain ? op.content : this.marked(op.content),
      tags: this.markedTags(op.tags),
      metadata: this.mark ? { ...op.metadata, [this.mark]: this.mark } : op.metadata,
      // Lists are ordered by time and id: an id that is random must not decide.
      created_at: op.named === undefined ? 10_000 + step : op.when,
      ...(op.named !== undefined && { id: (this.ownNames ? this.mark : '') + nameOf(op.named) }),
      ...(op.owner !== undefined && this.caller.namesUsers && { user_id: op.owner }),
      ...(op.session && { session_id: op.session }),
      ...(op.lasting ? {} : { expires_at: FAR_FUTURE }),
      ...((op.collection ?? this.mark) && { collection: op.collection ?? this.mark }),
      ...(op.sector && { sector: op.sector as Sector }),
      ...(op.once && { on_duplicate: 'return' }),
    };
  }

  private async users(op: UserOperation, other: Side | undefined): Promise<Seen> {
    if (op.kind === 'put-user') {
      return this.caller.users({ ...op, summary: op.summary && this.marked(op.summary) });
    }
    if (op.kind !== 'users') return this.caller.users(op);
    const known = op.from === 'others' ? other?.lastUsers : this.lastUsers;
    const cursor = op.from === 'start' ? undefined : (known ?? NO_CURSOR);
    const seen = await this.caller.users({ kind: 'users', limit: op.limit, cursor });
    this.lastUsers = (seen.body.next_cursor as string | null | undefined) ?? this.lastUsers;
    return seen;
  }

  private async list(query: ListMemoriesDto): Promise<Seen> {
    const seen = await this.caller.list(query);
    const cursor = seen.body.next_cursor as string | null | undefined;
    const { cursor: _, ...rest } = query;
    if (cursor) this.lastList = { query: rest, cursor };
    return seen;
  }

  private idOf(target: Target, other: Side | undefined): string {
    if ('named' in target) return nameOf(target.named);
    const [made, back] = 'made' in target ? [this.made, target.made] : [other?.made ?? [], target.others];
    return made.at(-1 - (back % Math.max(1, made.length))) ?? NO_ID;
  }

  private marked(text: string): string {
    return this.mark ? `${text} ${this.mark}` : text;
  }

  private markedTags(tags: readonly string[]): string[] {
    return this.mark ? [...tags, this.mark] : [...tags];
  }
}

function nameOf(index: number): string {
  return `n${index}`;
}

function etag(version: number | undefined): string | undefined {
  return version === undefined ? undefined : `"${version}"`;
}

function columns({ session, after }: Filter) {
  return {
    ...(session !== undefined && { session_id: session }),
    ...(after !== undefined && { created_after: after }),
  };
}

/** What A sees when its steps run with no B in the world. */
export async function runAlone(steps: readonly Step[], a: Caller): Promise<Seen[]> {
  const alone = new Side(a, '', false);
  for (const { side, operation } of steps) if (side === 'A') await alone.perform(operation, undefined);
  return alone.seen;
}

/**
 * What A sees when B's steps run in between and at the same time.
 *
 * @param sameVault whether the two share a vault: ids are unique in it, so that B then names its memories
 *   otherwise than A
 */
export async function runMixed(
  steps: readonly Step[],
  a: Caller,
  b: Caller,
  sameVault: boolean,
): Promise<Seen[]> {
  const [one, two] = [new Side(a, '', false), new Side(b, CANARY, sameVault)];
  let underWay = Promise.resolve();
  for (const { side, operation, together } of steps) {
    if (side === 'A') {
      await one.perform(operation, two);
    } else {
      underWay = underWay.then(() => two.perform(operation, one));
      if (!together) await underWay;
    }
  }
  await underWay;
  return one.seen;
}

/** What both see when each waits for the answer of the other. */
export async function runInTurn(
  steps: readonly Step[],
  a: Caller,
  b: Caller,
  sameVault: boolean,
): Promise<Seen[][]> {
  const sides = { A: new Side(a, '', false), B: new Side(b, CANARY, sameVault) };
  for (const { side, operation } of steps) {
    await sides[side].perform(operation, side === 'A' ? sides.B : sides.A);
  }
  return [sides.A.seen, sides.B.seen];
}

const OWN_CLOCK = new Set([
  ...['updated_at', 'replaced_at', 'last_seen_at', 'summary_at', 'deletedAt'],
  ...['lastSeen', 'last_reinforced', 'uptime'],
]);
const DAY_MS = 86_400_000;
/** A time that is the service's own; those of these plans are long ago or far off. */
const isNow = (value: unknown) => Math.abs(timeOf(value) - Date.now()) < DAY_MS;
const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** NaN for what is no time. */
function timeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && ISO.test(value) ? Date.parse(value) : NaN;
}

/** The dashboard says for how many seconds the service has run, in as many digits as that takes. */
function tellsUptime(value: unknown): value is Seen {
  const { body } = (value ?? {}) as { body?: { system?: { uptime?: unknown } } };
  return body?.system?.uptime !== undefined;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/**
 * Everything A saw, comparable between runs: ids that the service made are numbered as they appear, and the
 * vault's name, the time of writing and a cursor's hash (which holds the vault's name) are left out.
 */
export function comparable(seen: readonly Seen[], vault: string): string {
  const text = JSON.stringify(
    seen,
    function (this: object, name, value: unknown) {
      if (OWN_CLOCK.has(name)) return undefined;
      if (tellsUptime(value)) return withoutLength(value);
      if (isNow(value)) return 'now';
      // A user comes about when first written to, whatever time the memory bears.
      if (name === 'created_at' && 'reflection_count' in this) return undefined;
      // And so do a vault and what is said of a collection.
      if (name === 'created_at' && ('share_unowned' in this || 'description' in this)) return value === null;
      if (name !== 'next_cursor' || typeof value !== 'string') return value;
      return (JSON.parse(Buffer.from(value, 'base64url').toString()) as unknown[]).slice(0, -1);
    },
    1,
  );
  const numbers = new Map<string, string>();
  return text.replaceAll(`"${vault}"`, '"<vault>"').replaceAll(UUID, (id) => {
    if (!numbers.has(id)) numbers.set(id, `#${numbers.size}`);
    return numbers.get(id)!;
  });
}
