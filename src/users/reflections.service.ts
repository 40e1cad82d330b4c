import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { MemoriesService } from '../memories/memories.service.js';
import { Memory } from '../memories/memory.entity.js';
import { terms } from '../recall/terms.js';
import { StatsCounter } from '../stats/stats-counter.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';
import { type Member, type Remark, RemarkClusters } from './remark-clusters.js';
import { reflectionText } from './reflection-text.js';
import { User } from './user.entity.js';
import { pause } from '../operations/vault-timers.js';

/** The latest memories that a reflection looks at. */
const EXAMINED = 1_000;
/** Longer texts are documents rather than remarks: they repeat only where they are equal. */
const MAX_REMARK_CHARACTERS = 2_000;
/** Texts looked at before requests get their turn. */
const TEXTS_A_TURN = 50;
/** Rows of one INSERT. */
const ROWS_A_STATEMENT = 100;
/** A memory that expires sooner is not worth a reflection, which would expire with it. */
const MIN_LIFE_MS = 60_000;

/** From a reflection to each memory it was made of. */
const DERIVED_FROM = 'derived_from';

/** A memory as far as reflecting looks at it. */
interface Source extends Remark {
  readonly id: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly text: string;
}

export interface Reflections {
  readonly memories: Memory[];
  /** Memories looked at. */
  readonly examined: number;
  /** Groups of memories that say the same. */
  readonly clusters: number;
}

/**
 * Gathers what a user's memories keep saying into reflective memories, each with a waypoint to every memory it
 * was made of; those stay as they are. A memory with such a waypoint is not reflected on again, and neither is a
 * reflection, so that reflecting twice makes nothing new.
 */
@Injectable()
export class ReflectionsService {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    @InjectRepository(Waypoint) private readonly waypoints: Repository<Waypoint>,
    private readonly memoriesService: MemoriesService,
    private readonly stats: StatsCounter,
    private readonly tenancy: Tenancy,
  ) {}

  /** @param userId the caller's to name */
  async reflect(userId: string): Promise<Reflections> {
    const sources = await this.tenancy.snapshot(() => this.latest(userId));
    const clusters = new RemarkClusters(sources);
    for (const [i, source] of sources.entries()) {
      clusters.add(source);
      if (i % TEXTS_A_TURN === 0) await pause();
    }
    const groups = clusters.groups();
    const made: Memory[] = [];
    for (const group of groups) {
      const memory = await this.tenancy.transaction(() => this.store(userId, group));
      if (memory) made.push(memory);
      await pause();
    }
    return { memories: made, examined: sources.length, clusters: groups.length };
  }

  /** What has not been reflected on, the earliest first. */
  private async latest(userId: string): Promise<Source[]> {
    const rows = await this.memories
      .createQueryBuilder('m')
      .select('m.id', 'id')
      .addSelect('m.position', 'position')
      .addSelect('m.createdAt', 'createdAt')
      .addSelect('m.expiresAt', 'expiresAt')
      .addSelect('m.contentHash', 'contentHash')
      .addSelect('substr(m.content, 1, :length)', 'text')
      // One more than a remark may have, to know whether it is one.
      .where('m.userId = :userId', { userId, length: MAX_REMARK_CHARACTERS + 1 })
      .orderBy('m.position', 'DESC')
      .limit(EXAMINED)
      .getRawMany<Record<'id' | 'contentHash' | 'text', string> & Record<string, number | null>>();
    if (rows.length === 0) return [];
    const done = await this.reflected(userId, Number(rows[rows.length - 1].position));
    const soon = Date.now() + MIN_LIFE_MS;
    const sources: Source[] = [];
    for (const { id, createdAt, expiresAt, contentHash, text } of rows.reverse()) {
      if (done.has(id) || (expiresAt !== null && Number(expiresAt) < soon)) continue;
      const own = text.length > MAX_REMARK_CHARACTERS ? [] : terms(text);
      const times = {
        createdAt: Number(createdAt),
        expiresAt: expiresAt === null ? null : Number(expiresAt),
      };
      sources.push({ id, contentHash, text, ...times, terms: new Set(own) });
      if (sources.length % TEXTS_A_TURN === 0) await pause();
    }
    return sources;
  }

  /** The reflections, and what they were made of, from a position on. */
  private async reflected(userId: string, position: number): Promise<Set<string>> {
    const rows = await this.memories
      .createQueryBuilder('m')
      .select('m.id', 'id')
      .where('m.userId = :userId AND m.position >= :position')
      .andWhere((query) => {
        const waypoint = (end: 'srcId' | 'dstId') =>
          `EXISTS ${query
            .subQuery()
            .select('1')
            .from(Waypoint, 'w')
            .where(`w.${end} = m.id AND w.type = :type`)
            .getQuery()}`;
        return `(${waypoint('srcId')} OR ${waypoint('dstId')})`;
      })
      .setParameters({ userId, position, type: DERIVED_FROM })
      .getRawMany<{ id: string }>();
    return new Set(rows.map(({ id }) => id));
  }

  /** @returns undefined where another reflection, or a deletion, came first */
  private async store(userId: string, found: readonly Member<Source>[]): Promise<Memory | undefined> {
    const group = await this.stillThere(userId, found);
    if (group.length < 2) return undefined;
    const sources = group.map(({ remark }) => remark);
    const expiries = sources.flatMap(({ expiresAt }) => expiresAt ?? []);
    const { memory } = await this.memoriesService.create({
      content: reflectionText(sources),
      user_id: userId,
      sector: 'reflective',
      tags: ['reflection'],
      metadata: { reflection: { memories: sources.length } },
      // It came about when the last of them did.
      created_at: Math.max(...sources.map(({ createdAt }) => createdAt)),
      ...(expiries.length > 0 && { expires_at: Math.min(...expiries) }),
    });
    const now = Date.now();
    const waypoints = group.map(({ remark, similarity }) => ({
      srcId: memory.id,
      dstId: remark.id,
      type: DERIVED_FROM,
      userId,
      weight: similarity,
      metadata: '{}',
      createdAt: now,
      updatedAt: now,
    }));
    for (let at = 0; at < waypoints.length; at += ROWS_A_STATEMENT) {
      await this.waypoints.insert(waypoints.slice(at, at + ROWS_A_STATEMENT));
    }
    await this.stats.count('reflect', userId);
    await this.users.increment({ userId }, 'reflectionCount', 1);
    await this.users.update({ userId }, { updatedAt: now });
    return memory;
  }

  /** Of a group, what is as it was, and not reflected on meanwhile. */
  private async stillThere(userId: string, group: readonly Member<Source>[]): Promise<Member<Source>[]> {
    const ids = group.map(({ remark }) => remark.id);
    const there = await this.memories
      .createQueryBuilder('m')
      .select('m.id', 'id')
      .addSelect('m.contentHash', 'contentHash')
      .where({ id: In(ids), userId })
      .getRawMany<Pick<Memory, 'id' | 'contentHash'>>();
    const hashes = new Map(there.map(({ id, contentHash }) => [id, contentHash]));
    const done = await this.waypoints.findBy({ dstId: In(ids), type: DERIVED_FROM });
    for (const { dstId } of done) hashes.delete(dstId);
    return group.filter(({ remark }) => hashes.get(remark.id) === remark.contentHash);
  }
}
