import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { MemoryListDto } from '../memories/memory-query.dto.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import { Unkeyed } from '../operations/idempotency.interceptor.js';
import {
  ErasedUserDto,
  ListUserMemoriesDto,
  ListUsersDto,
  PutUserDto,
  ReflectionsDto,
  SummaryDto,
  UserDto,
  UserEntryDto,
  UserListDto,
  UserParamsDto,
} from './user.dto.js';
import { type UserEntry, type UserWithSummary, UsersService } from './users.service.js';

const NotFound = () =>
  ApiResponse({ status: 404, description: 'NOT_FOUND: the vault does not know this user' });
const Forbidden = () =>
  ApiResponse({ status: 403, description: 'FORBIDDEN: the token acts for another user' });

@ApiTags('users')
@Controller('v1/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** Lists the users of the vault by id; a user's token sees that user alone. */
  @Get()
  @RequirePermission('read')
  async list(@Query() query: ListUsersDto): Promise<UserListDto> {
    const { items, nextCursor } = await this.users.list(query);
    return { items: items.map(entryOf), next_cursor: nextCursor };
  }

  /** Reads a user, with the summary. */
  @Get(':user_id')
  @RequirePermission('read')
  @NotFound()
  @Forbidden()
  async get(@Param() { user_id }: UserParamsDto): Promise<UserDto> {
    return viewOf(await this.users.get(user_id));
  }

  /** Makes a user known, and writes the summary by hand or gives it back to the service. */
  @Put(':user_id')
  @RequirePermission('write')
  @ApiOkResponse({ type: UserDto })
  @ApiResponse({ status: 201, type: UserDto, description: 'Nobody knew the user before' })
  @Forbidden()
  async put(
    @Param() { user_id }: UserParamsDto,
    @Body() body: PutUserDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserDto> {
    const { user, created } = await this.users.put(user_id, body);
    reply.status(created ? 201 : 200);
    return viewOf(user);
  }

  /** Erases everything of a user, and says how much that was. */
  @Delete(':user_id')
  @RequirePermission('delete')
  @Unkeyed()
  @NotFound()
  @Forbidden()
  async erase(@Param() { user_id }: UserParamsDto): Promise<ErasedUserDto> {
    return { user_id, erased: await this.users.erase(user_id) };
  }

  /** Lists the memories of a user by creation time, the newest first. */
  @Get(':user_id/memories')
  @RequirePermission('read')
  @NotFound()
  @Forbidden()
  async memories(
    @Param() { user_id }: UserParamsDto,
    @Query() query: ListUserMemoriesDto,
  ): Promise<MemoryListDto> {
    const { items, nextCursor, count } = await this.users.memoriesOf(user_id, query);
    return { items: items.map((memory) => MemoryDto.of(memory)), next_cursor: nextCursor, count };
  }

  /** Reads the summary of a user's memories. */
  @Get(':user_id/summary')
  @RequirePermission('read')
  @NotFound()
  @Forbidden()
  async summary(@Param() { user_id }: UserParamsDto): Promise<SummaryDto> {
    return summaryOf(await this.users.get(user_id));
  }

  /** Makes the summary anew from the memories as they are; one written by hand stays as it is. */
  @Post(':user_id/summary/regenerate')
  @HttpCode(200)
  @RequirePermission('write')
  @NotFound()
  @Forbidden()
  async regenerate(@Param() { user_id }: UserParamsDto): Promise<SummaryDto> {
    return summaryOf(await this.users.regenerate(user_id));
  }

  /** Gathers what the user's memories keep saying into reflective memories; what they are made of stays. */
  @Post(':user_id/reflect')
  @HttpCode(200)
  @RequirePermission('write')
  @NotFound()
  @Forbidden()
  async reflect(@Param() { user_id }: UserParamsDto): Promise<ReflectionsDto> {
    const { memories, examined, clusters } = await this.users.reflect(user_id);
    return { reflections: memories.map((memory) => MemoryDto.of(memory)), examined, clusters };
  }
}

function entryOf({ userId, figures, row, hasSummary }: UserEntry): UserEntryDto {
  const { count, firstAt, lastAt } = figures;
  return {
    user_id: userId,
    count,
    first_at: firstAt,
    last_at: lastAt,
    has_summary: hasSummary,
    reflection_count: row?.reflectionCount ?? 0,
    // Without a row there are memories, and so a first one.
    created_at: row?.createdAt ?? firstAt ?? 0,
    updated_at: row?.updatedAt ?? firstAt ?? 0,
  };
}

function viewOf(user: UserWithSummary): UserDto {
  return { ...entryOf(user), ...summaryOf(user) };
}

function summaryOf({ userId, row, summary }: UserWithSummary): SummaryDto {
  return {
    user_id: userId,
    summary: summary.text,
    summary_manual: row?.summaryManual ?? false,
    summary_at: summary.at,
  };
}
