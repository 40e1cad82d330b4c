import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { MemoriesService } from '../memories/memories.service.js';
import { MemoryLister } from '../memories/memory-lister.js';
import { Memory } from '../memories/memory.entity.js';
import { jsonObject } from '../memories/stored-json.js';
import { uuidv7 } from '../memories/uuid.js';
import { Session } from '../sessions/session.entity.js';
import { type SessionSummary, SessionsService, sessionNotFound } from '../sessions/sessions.service.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';

const PREFIX = 'session:';
/** The first text behind all that begin with the prefix. */
const BEHIND_PREFIX = 'session;';

/** A session as Metamorph sees one: it has a name, and is there before its first message. */
export interface NamedSession {
  readonly id: string;
  /** Empty: no owner. */
  readonly userId: string;
  readonly name: string | null;
  /** ms since 1970 */
  readonly createdAt: number;
  readonly lastAccessed: number;
  /** The `session_id` of its memories. */
  readonly group: string;
  /** Where it was imported: the memory that it became. */
  readonly memoryId?: string;
}

/**
 * Sessions are of three kinds: made here, a row of `sessions` with a name; imported from Metamorph, a memory
 * `session:ID` whose text is the name, in the session of its conversation; and what other memories name.
 */
@Injectable()
export class MetamorphSessionsService {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly groups: SessionsService,
    private readonly memoriesService: MemoriesService,
    private readonly lister: MemoryLister,
    private readonly vaults: VaultsService,
    private readonly tenancy: Tenancy,
  ) {}

  /** The latest used first. */
  list(limit: number): Promise<NamedSession[]> {
    return this.tenancy.snapshot(async () => {
      const groups = await this.groups.latest(limit);
      const rows = await this.sessions.find({ order: { lastAt: 'DESC', id: 'ASC' }, take: limit });
      const imported = await this.imported((query) =>
        query.orderBy('m.lastSeenAt', 'DESC').addOrderBy('m.id', 'ASC').limit(limit),
      );
      const ofGroups = groups.length === 0 ? [] : await this.importedInto(groups.map(({ id }) => id));
      const named = new Map<string, NamedSession>();
      for (const session of [...rows.map(ofRow), ...imported, ...ofGroups])
        named.set(keyOf(session), session);
      const found = [...named.values()];
      const ofOthers = new Map(groups.map((group) => [keyOf(group), group]));
      for (const [i, session] of found.entries()) {
        const group = ofOthers.get(groupOf(session));
        if (group) found[i] = { ...session, lastAccessed: Math.max(session.lastAccessed, group.lastAt) };
      }
      for (const session of found) ofOthers.delete(groupOf(session));
      return [...found, ...[...ofOthers.values()].map(ofGroup)]
        .sort((a, b) => b.lastAccessed - a.lastAccessed || (a.id < b.id ? -1 : 1))
        .slice(0, limit);
    });
  }

  async create(name: string | undefined): Promise<NamedSession> {
    return this.tenancy.transaction(async () => {
      await this.vaults.ensureWritable();
      const { vaultId, userId = '' } = TenantContext.scope();
      const now = Date.now();
      const metadata = JSON.stringify({ name: name ?? null });
      const row: Session = {
        ...{ vaultId, userId, id: uuidv7(now), metadata },
        ...{ memoryCount: 0, firstAt: now, lastAt: now },
      };
      await this.sessions.insert(row);
      return ofRow(row);
    });
  }

  /** @throws ApiError 404 */
  get(id: string): Promise<NamedSession & { readonly messageCount: number }> {
    return this.tenancy.snapshot(async () => {
      const session = await this.find(id);
      const group = await this.groups.find(session.group, session.userId);
      const records = await this.importedInto([session.group]);
      const own = records.filter(({ userId }) => userId === session.userId).length;
      return {
        ...session,
        lastAccessed: Math.max(session.lastAccessed, group?.lastAt ?? 0),
        messageCount: Math.max(0, (group?.count ?? 0) - own),
      };
    });
  }

  /**
   * Deletes a session with its memories; of several that were imported with one conversation only itself.
   *
   * @throws ApiError 404, 403 for a user where it is nobody's
   */
  async delete(id: string): Promise<void> {
    const { session, isAlone } = await this.tenancy.snapshot(async () => {
      const found = await this.find(id);
      const records = await this.importedInto([found.group]);
      const isOther = (one: NamedSession) => one.userId === found.userId && one.memoryId !== found.memoryId;
      return { session: found, isAlone: !records.some(isOther) };
    });
    const { userId, group, memoryId } = session;
    if (memoryId !== undefined && !isAlone) return this.memoriesService.delete(memoryId);
    // The memories first: what is killed between them is found again.
    await this.lister.deleteMatching({ session_id: group, user_id: userId });
    await this.sessions.delete({ id, userId });
  }

  private async find(id: string): Promise<NamedSession> {
    const row = await this.sessions.findOne({ where: { id }, order: { userId: 'ASC' } });
    if (row) return ofRow(row);
    const [imported] = await this.imported((query) => query.andWhere('m.id = :id', { id: PREFIX + id }));
    if (imported) return imported;
    const group = await this.groups.find(id);
    if (!group) throw sessionNotFound();
    return ofGroup(group);
  }

  private importedInto(groups: readonly string[]): Promise<NamedSession[]> {
    return this.imported((query) => query.andWhere('m.sessionId IN (:...groups)', { groups }));
  }

  private async imported(
    choose: (query: ReturnType<Repository<Memory>['createQueryBuilder']>) => unknown,
  ): Promise<NamedSession[]> {
    const query = this.memories
      .createQueryBuilder('m')
      .where('m.id >= :first AND m.id < :behind', { first: PREFIX, behind: BEHIND_PREFIX });
    choose(query);
    return (await query.getMany()).filter(isSession).map(ofMemory);
  }
}

function ofRow({ id, userId, metadata, firstAt, lastAt }: Session): NamedSession {
  const { name } = jsonObject(metadata);
  const given = typeof name === 'string' ? name : null;
  return { id, userId, group: id, name: given, createdAt: firstAt, lastAccessed: lastAt };
}

function ofGroup({ id, userId, firstAt, lastAt }: SessionSummary): NamedSession {
  return { id, userId, group: id, name: null, createdAt: firstAt, lastAccessed: lastAt };
}

function ofMemory({ id, userId, sessionId, content, createdAt, lastSeenAt }: Memory): NamedSession {
  const own = id.slice(PREFIX.length);
  return {
    ...{ id: own, userId, group: sessionId ?? own, name: content },
    ...{ createdAt, lastAccessed: lastSeenAt, memoryId: id },
  };
}

/** Whether it is what an import made of a session, and not somebody's memory with such an id. */
function isSession({ metadata }: Memory): boolean {
  const { metamorph } = jsonObject(metadata);
  return (
    typeof metamorph === 'object' && metamorph !== null && 'kind' in metamorph && metamorph.kind === 'session'
  );
}

function keyOf({ userId, id }: { readonly userId: string; readonly id: string }): string {
  return JSON.stringify([userId, id]);
}

function groupOf({ userId, group }: { readonly userId: string; readonly group: string }): string {
  return keyOf({ userId, id: group });
}
