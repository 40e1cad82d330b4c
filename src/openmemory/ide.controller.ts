import { Get, HttpCode, Param, Post } from '@nestjs/common';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { MAX_CONTENT_CHARACTERS } from '../memories/memory.dto.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import { type Values, needed, number, text } from './input.js';
import { MAX_K, METADATA, USER_ID } from './inputs.js';
import { matchOf } from './old-memory.js';
import { OldIde, editorUser } from './old-ide.js';
import { OldBody, OldRoutes } from './old-routes.decorators.js';

const MAX_NAME = 255;
const MAX_PATH = 4_096;
/** The words before it and the path are stored with it. */
const MAX_EVENT_CHARACTERS = MAX_CONTENT_CHARACTERS - 2 * MAX_PATH;
const DEFAULT_K = 5;
const MAX_PATTERNS = 100;

const SESSION_ID = text({ max: MAX_NAME });
const FILE_PATH = text({ max: MAX_PATH });

const EVENT = {
  event_type: needed(text({ min: 1, max: MAX_NAME })),
  file_path: FILE_PATH,
  content: text({ max: MAX_EVENT_CHARACTERS }),
  session_id: SESSION_ID,
  metadata: METADATA,
  user_id: USER_ID,
};

const CONTEXT = {
  query: needed(text({ min: 1, max: 8_192 })),
  k: number({ min: 1, max: MAX_K, whole: true }),
  limit: number({ min: 1, max: MAX_K, whole: true }),
  session_id: SESSION_ID,
  file_path: FILE_PATH,
  user_id: USER_ID,
};

const START = {
  user_id: USER_ID,
  project_name: text({ max: MAX_NAME }),
  ide_name: text({ max: MAX_NAME }),
};

const END = { session_id: needed(text({ min: 1, max: MAX_NAME })), user_id: USER_ID };

/** What the VS Code extension of OpenMemory calls. */
@OldRoutes('api/ide')
export class OldIdeController {
  constructor(private readonly ide: OldIde) {}

  @Post('events')
  @HttpCode(200)
  @RequirePermission('write')
  async event(@OldBody(EVENT) event: Values<typeof EVENT>) {
    const { id, primary_sector, sectors } = MemoryDto.of(await this.ide.note(event));
    return { success: true, memory_id: id, primary_sector, sectors };
  }

  @Post('context')
  @HttpCode(200)
  @RequirePermission('read')
  async context(@OldBody(CONTEXT) { k, limit, ...question }: Values<typeof CONTEXT>) {
    const found = await this.ide.search({ ...question, k: k ?? limit ?? DEFAULT_K });
    const now = Date.now();
    const memories = found.map((one) => {
      const { id, ...match } = matchOf(one, now);
      return { memory_id: id, ...match };
    });
    return { success: true, memories, total: memories.length, query: question.query };
  }

  @Post('session/start')
  @HttpCode(200)
  @RequirePermission('write')
  async start(@OldBody(START) { user_id, project_name, ide_name }: Values<typeof START>) {
    const [user, project, editor] = [editorUser(user_id), project_name || 'unknown', ide_name || 'unknown'];
    const { sessionId, memory } = await this.ide.start(user, project, editor, user_id);
    return {
      ...{ success: true, session_id: sessionId, memory_id: memory.id, started_at: memory.createdAt },
      ...{ user_id: user, project_name: project, ide_name: editor },
    };
  }

  @Post('session/end')
  @HttpCode(200)
  @RequirePermission('write')
  async end(@OldBody(END) { session_id, user_id }: Values<typeof END>) {
    const { memory, figures } = await this.ide.end(session_id, user_id);
    return {
      ...{ success: true, session_id, ended_at: memory.createdAt, summary_memory_id: memory.id },
      statistics: figures,
    };
  }

  @Get('patterns/:session_id')
  @RequirePermission('read')
  async patterns(@Param('session_id') session_id: string) {
    const found = await this.ide.patterns(session_id, MAX_PATTERNS);
    const now = Date.now();
    const patterns = found.map((memory) => ({
      pattern_id: memory.id,
      description: memory.content,
      salience: MemoryDto.of(memory, now).salience,
      detected_at: memory.createdAt,
      last_reinforced: memory.lastSeenAt,
    }));
    return { success: true, session_id, pattern_count: patterns.length, patterns };
  }
}
