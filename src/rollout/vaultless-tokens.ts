import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, In, type Repository } from 'typeorm';
import { DAY_MS, TOKEN_WITHOUT_VAULT as TYPE, dateOf, dayOf } from '../stats/event-types.js';
import { Stat } from '../stats/stat.entity.js';
import { StatsCounter } from '../stats/stats-counter.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { OTHER_CLIENTS, clientOfUser } from './client-name.js';
import type { Enforcement } from './flags.js';

/** In which requests with tokens that have no vault claim are let in. */
export type LenientMode = Exclude<Enforcement, 'enforced'>;

/** Requests of one client with tokens that have no vault claim. Days are UTC, such as `2026-03-01`. */
export interface VaultlessClient {
  readonly client: string;
  readonly count: number;
  /** Those of them that came while the mode was `shadow`. */
  readonly inShadow: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

/** Requests with tokens that have no vault claim: each of them `enforced` would have refused, and nothing else. */
export interface VaultlessRequests {
  /** The first day that was looked at. */
  readonly since: string;
  readonly total: number;
  readonly inShadow: number;
  /** Those with the most requests first. */
  readonly clients: readonly VaultlessClient[];
}

const MODES: readonly LenientMode[] = ['legacy', 'shadow'];

/** Clients that one process tells apart on one day; the requests of all others are counted together. */
const MOST_CLIENTS = 1_000;

/** What rows are counted by. */
interface Dims {
  readonly client: string;
  readonly mode: LenientMode;
}

/**
 * The requests with tokens that have no vault claim, by day, client and mode, among the counts of the vault that they
 * work in. They are counted as reads are: in memory, and written down within half a minute.
 */
@Injectable()
export class VaultlessTokens {
  /** The clients that are told apart today. */
  private readonly clients = new Set<string>();
  private day = 0;

  constructor(
    @InjectRepository(Stat) private readonly stats: Repository<Stat>,
    private readonly counter: StatsCounter,
    private readonly tenancy: Tenancy,
  ) {}

  /** Counts a request in the running scope's vault. */
  count(client: string, mode: LenientMode): void {
    const today = dayOf(Date.now());
    if (this.day !== today) this.clients.clear();
    this.day = today;
    const isKnown = this.clients.has(client) || this.clients.size < MOST_CLIENTS;
    if (isKnown) this.clients.add(client);
    this.counter.countOfVault(TYPE, dimsOf({ client: isKnown ? client : OTHER_CLIENTS, mode }));
  }

  /**
   * What was counted in the running scope's vault, what is not written down here included.
   * @param days today and those before it
   */
  async found(days: number): Promise<VaultlessRequests> {
    const to = dayOf(Date.now());
    const from = to - (days - 1) * DAY_MS;
    const rows = await this.stats
      .createQueryBuilder('s')
      .select('s.dims', 'dims')
      .addSelect('SUM(s.count)', 'count')
      .addSelect('MIN(s.ts)', 'first')
      .addSelect('MAX(s.ts)', 'last')
      .where({ userId: '', type: TYPE, ts: Between(from, to) })
      .groupBy('s.dims')
      .getRawMany<Record<'dims' | 'count' | 'first' | 'last', string>>();
    const clients = new Map<string, Sum>();
    for (const { dims, count, first, last } of rows) {
      add(clients, dims, { count: Number(count), first: Number(first), last: Number(last) });
    }
    for (const { type, ts, dims, count } of this.counter.unwritten()) {
      if (type === TYPE && ts >= from) add(clients, dims, { count, first: ts, last: ts });
    }
    const sums = [...clients.values()].sort((a, b) => b.count - a.count || (a.client < b.client ? -1 : 1));
    return {
      since: dateOf(from),
      total: sums.reduce((sum, { count }) => sum + count, 0),
      inShadow: sums.reduce((sum, { inShadow }) => sum + inShadow, 0),
      clients: sums.map(({ first, last, ...sum }) => ({
        ...sum,
        firstSeen: dateOf(first),
        lastSeen: dateOf(last),
      })),
    };
  }

  /** Takes a user who is being erased out of the counts, in the last unit of work of that. */
  async forgetUser(userId: string): Promise<void> {
    const client = clientOfUser(userId);
    const dims = MODES.map((mode) => dimsOf({ client, mode }));
    await this.stats.delete({ userId: '', type: TYPE, dims: In(dims) });
    this.tenancy.afterCommit(() => this.counter.forgetDims(TYPE, dims));
  }
}

interface Sum extends Pick<VaultlessClient, 'client'> {
  count: number;
  inShadow: number;
  first: number;
  last: number;
}

function add(
  sums: Map<string, Sum>,
  text: string,
  { count, first, last }: Record<'count' | 'first' | 'last', number>,
): void {
  const { client, mode } = readDims(text);
  const sum = sums.get(client) ?? { client, count: 0, inShadow: 0, first, last };
  sum.count += count;
  if (mode === 'shadow') sum.inShadow += count;
  sum.first = Math.min(sum.first, first);
  sum.last = Math.max(sum.last, last);
  sums.set(client, sum);
}

function dimsOf({ client, mode }: Dims): string {
  return JSON.stringify({ client, mode });
}

/** Nobody but this file writes them, except an import of rows that came from elsewhere. */
function readDims(text: string): Dims {
  try {
    const { client, mode } = JSON.parse(text) as Partial<Dims>;
    if (typeof client === 'string' && mode && MODES.includes(mode)) return { client, mode };
  } catch {
    // As one that cannot be told from others.
  }
  return { client: OTHER_CLIENTS, mode: 'legacy' };
}
