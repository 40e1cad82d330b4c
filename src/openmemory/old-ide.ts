import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { MAX_LIMIT } from '../http/page.dto.js';
import { MemoriesService } from '../memories/memories.service.js';
import { MemoryLister } from '../memories/memory-lister.js';
import { type Found, MemorySearch } from '../memories/memory-search.js';
import type { Memory } from '../memories/memory.entity.js';
import { jsonObject } from '../memories/stored-json.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { namedUser } from './whose.js';

/** What an editor tells of. */
export interface EditorEvent {
  readonly event_type: string;
  readonly file_path?: string | undefined;
  readonly content?: string | undefined;
  readonly session_id?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly user_id?: string | undefined;
}

export interface EditorQuestion {
  readonly query: string;
  readonly k: number;
  readonly session_id?: string | undefined;
  readonly file_path?: string | undefined;
  readonly user_id?: string | undefined;
}

/** What came to pass in a session. */
export interface SessionFigures {
  readonly total_events: number;
  readonly sectors: Readonly<Record<string, number>>;
  readonly unique_files: number;
  readonly files: readonly string[];
}

/** Files of a session that are named. */
const MOST_FILES = 1_000;
const START = 'session_start';
const END = 'session_end';

/** What extensions of editors tell OpenMemory, as memories of the session that they name. */
@Injectable()
export class OldIde {
  constructor(
    private readonly memories: MemoriesService,
    private readonly lister: MemoryLister,
    private readonly finder: MemorySearch,
  ) {}

  /** @throws ApiError 403 TENANT_MISMATCH */
  async note(event: EditorEvent): Promise<Memory> {
    const { event_type: type, content } = event;
    const did = Object.hasOwn(WORDS, type) ? WORDS[type] : `Event ${type}`;
    const text = event.file_path ? `${did}: ${event.file_path}` : did;
    return this.store(event, content ? `${text}\n\n${content}` : text);
  }

  /** @throws ApiError 403 TENANT_MISMATCH */
  async start(user: string, project: string, editor: string, user_id?: string) {
    const sessionId = `session_${Date.now()}_${randomBytes(7).toString('hex')}`;
    const event = {
      ...{ event_type: START, session_id: sessionId, user_id },
      metadata: { ide_project_name: project, ide_name: editor },
    };
    const memory = await this.store(event, `Session started: ${user} in ${project} using ${editor}`);
    return { sessionId, memory };
  }

  /** @throws ApiError 403 TENANT_MISMATCH */
  async end(session_id: string, user_id?: string): Promise<{ figures: SessionFigures; memory: Memory }> {
    const figures = await this.figures(session_id, namedUser(user_id));
    const { total_events: events, unique_files: files, sectors } = figures;
    const counts = Object.entries(sectors).map(([sector, count]) => `${sector} ${count}`);
    const text = `Session ${session_id} ended. Events: ${events}, files: ${files}, sectors: ${counts.join(', ') || 'none'}`;
    return { figures, memory: await this.store({ event_type: END, session_id, user_id }, text) };
  }

  /** Those of the session and of the file alone, where they are named; the best first. */
  search({ query, k, session_id, file_path, user_id }: EditorQuestion): Promise<Found[]> {
    const metadata = file_path ? { ide_file_path: file_path } : undefined;
    const filters = { session_id: session_id || undefined, metadata, user_id: namedUser(user_id) };
    return this.finder.search({ query, limit: k, filters });
  }

  /** What a session says of how something is done. */
  async patterns(session_id: string, most: number): Promise<Memory[]> {
    const { items } = await this.lister.list({
      session_id,
      sector: 'procedural',
      order: 'desc',
      limit: most,
    });
    return items;
  }

  private async store(event: EditorEvent, content: string): Promise<Memory> {
    const { event_type, file_path, metadata } = event;
    const session_id = event.session_id || undefined;
    const { memory } = await this.memories.create({
      content,
      session_id,
      user_id: namedUser(event.user_id),
      metadata: {
        ...metadata,
        ide_event_type: event_type,
        ...(file_path ? { ide_file_path: file_path } : {}),
        ...(session_id ? { ide_session_id: session_id } : {}),
        ide_timestamp: Date.now(),
        ide_mode: true,
      },
    });
    return memory;
  }

  private async figures(session_id: string, user_id: string | undefined): Promise<SessionFigures> {
    const sectors: Record<string, number> = {};
    const files = new Set<string>();
    let events = 0;
    for (let cursor: string | undefined; ;) {
      const page = await this.lister.list({ session_id, user_id, order: 'asc', limit: MAX_LIMIT, cursor });
      for (const { metadata, primarySector } of page.items) {
        const { ide_event_type: type, ide_file_path: file } = jsonObject(metadata);
        if (type === undefined || type === START || type === END) continue;
        events += 1;
        sectors[primarySector] = (sectors[primarySector] ?? 0) + 1;
        if (typeof file === 'string') files.add(file);
      }
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    return {
      total_events: events,
      sectors,
      unique_files: files.size,
      files: [...files].slice(0, MOST_FILES),
    };
  }
}

/** How an event begins its memory. */
const WORDS: Readonly<Record<string, string>> = {
  open: 'Opened file',
  close: 'Closed file',
  save: 'Saved file',
  edit: 'Edited file',
  create: 'Created file',
  delete: 'Deleted file',
  rename: 'Renamed file',
};

/** Whom a session is of, in its own words. */
export function editorUser(user_id: string | undefined): string {
  const { userId, selfName } = TenantContext.scope();
  return namedUser(user_id) ?? userId ?? selfName ?? 'anonymous';
}
