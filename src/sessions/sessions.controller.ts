import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { MemoryListDto } from '../memories/memory-query.dto.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import {
  DeletedSessionDto,
  ListSessionsDto,
  SessionListDto,
  SessionMemoriesDto,
  SessionOwnerDto,
} from './session.dto.js';
import { SessionsService } from './sessions.service.js';

const NotFound = () => ApiResponse({ status: 404, description: 'NOT_FOUND: no memory names this session' });

@ApiTags('sessions')
@Controller('v1/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  /** Lists sessions by owner and id. */
  @Get()
  @RequirePermission('read')
  async list(@Query() query: ListSessionsDto): Promise<SessionListDto> {
    const { items, nextCursor } = await this.sessions.list(query);
    return {
      items: items.map(({ id, userId, count, firstAt, lastAt }) => ({
        id,
        user_id: userId || null,
        count,
        first_at: firstAt,
        last_at: lastAt,
      })),
      next_cursor: nextCursor,
    };
  }

  /** The memories of a session by creation time, the oldest first. */
  @Get(':id/memories')
  @RequirePermission('read')
  @NotFound()
  async memories(@Param('id') id: string, @Query() query: SessionMemoriesDto): Promise<MemoryListDto> {
    const { items, nextCursor } = await this.sessions.memoriesOf(id, query);
    return { items: items.map((memory) => MemoryDto.of(memory)), next_cursor: nextCursor };
  }

  /** Deletes a session: all memories that name it. */
  @Delete(':id')
  @RequirePermission('delete')
  @NotFound()
  async delete(@Param('id') id: string, @Query() { user_id }: SessionOwnerDto): Promise<DeletedSessionDto> {
    return { deleted: await this.sessions.delete(id, user_id) };
  }
}
