import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiBody,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { MemoryContext } from './context.js';
import { ContextDto, ContextResultDto } from './context.dto.js';
import { Idempotency } from '../operations/idempotency.js';
import { answerOnce, idempotencyKeyOf } from '../operations/idempotency.interceptor.js';
import { etagOf, matchesEtag, versionsOf } from './etag.js';
import { MemoriesService } from './memories.service.js';
import { CreateMemoryDto, PatchMemoryDto } from './memory.dto.js';
import { HistoryDto, MemoryDto, MemoryVersionDto } from './memory-view.dto.js';
import { MemoryBatch } from './memory-batch.js';
import { BatchResultDto } from './memory-batch.dto.js';
import { BatchBody, refuseManyKeyed, withBatchRows } from './memory-batch-body.js';
import { MemoryLister } from './memory-lister.js';
import {
  DeleteMemoriesDto,
  DeletedDto,
  ListMemoriesDto,
  MemoryListDto,
  SearchDto,
  SearchResultDto,
} from './memory-query.dto.js';
import { MemoryReinforcement } from './memory-reinforcement.js';
import { ReinforceDto } from './memory-reinforcement.dto.js';
import { MemorySearch } from './memory-search.js';

const IfMatch = () =>
  ApiHeader({ name: 'If-Match', required: false, description: 'ETag that the memory must still have' });

@ApiTags('memories')
@Controller('v1/memories')
export class MemoriesController {
  constructor(
    private readonly memories: MemoriesService,
    private readonly batches: MemoryBatch,
    private readonly idempotency: Idempotency,
    private readonly lister: MemoryLister,
    private readonly finder: MemorySearch,
    private readonly contexts: MemoryContext,
    private readonly reinforcement: MemoryReinforcement,
  ) {}

  /** Stores a memory. 200 instead of 201: `on_duplicate: "return"` found it stored already. */
  @Post()
  @RequirePermission('write')
  @ApiResponse({ status: 201, type: MemoryDto })
  @ApiResponse({ status: 200, type: MemoryDto, description: 'It was there already' })
  @ApiResponse({ status: 409, description: 'ID_EXISTS: the vault has a memory with this id' })
  async create(
    @Body() body: CreateMemoryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MemoryDto> {
    const { memory, created } = await this.memories.create(body);
    reply.status(created ? 201 : 200).header('ETag', etagOf(memory));
    return MemoryDto.of(memory);
  }

  /**
   * Stores many memories, in order: a JSON array of them, or one a line. Those that are acceptable are stored,
   * whatever becomes of the others; `results` says so of each.
   */
  @Post('batch')
  @HttpCode(200)
  @RequirePermission('write')
  @BatchBody()
  @ApiOkResponse({ type: BatchResultDto })
  @ApiResponse({ status: 413, description: 'PAYLOAD_TOO_LARGE or TOO_MANY_ROWS: nothing was stored' })
  async batch(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BatchResultDto> {
    const key = idempotencyKeyOf(request);
    return withBatchRows(request, (rows, hash) => {
      if (key === undefined) return this.batches.store(rows);
      refuseManyKeyed(rows);
      const once = { request, reply, key, bodyHash: hash() };
      return answerOnce(this.idempotency, once, () => this.batches.store(rows, true));
    });
  }

  /** Lists memories by creation time, the newest first. */
  @Get()
  @RequirePermission('read')
  async list(@Query() query: ListMemoriesDto): Promise<MemoryListDto> {
    const { items, nextCursor, count } = await this.lister.list(query);
    return { items: items.map((memory) => MemoryDto.of(memory)), next_cursor: nextCursor, count };
  }

  /** Deletes all memories that match; at least one filter is needed. */
  @Delete()
  @RequirePermission('delete')
  async deleteMatching(@Query() query: DeleteMemoriesDto): Promise<DeletedDto> {
    return { deleted: await this.lister.deleteMatching(query), dry_run: query.dry_run ?? false };
  }

  /** Finds memories by words, the best first. */
  @Post('search')
  @HttpCode(200)
  @RequirePermission('read')
  @ApiOkResponse({ type: SearchResultDto })
  async search(@Body() body: SearchDto): Promise<SearchResultDto> {
    const found = await this.finder.search(body);
    return {
      results: found.map(({ memory, score, explain }) =>
        Object.assign(MemoryDto.of(memory), { score, explain }),
      ),
    };
  }

  /**
   * Writes down what is known about something, for a prompt: the best memories with their dates and speakers,
   * beside them their neighbours in the session, in order of time, within a budget of tokens.
   */
  @Post('context')
  @HttpCode(200)
  @RequirePermission('read')
  @ApiOkResponse({ type: ContextResultDto })
  async context(@Body() body: ContextDto): Promise<ContextResultDto> {
    const { text, memories, tokens } = await this.contexts.build(body);
    const now = Date.now();
    return {
      text,
      memories: memories.map(({ memory, score }) => Object.assign(MemoryDto.of(memory, now), { score })),
      tokens,
    };
  }

  /** Reads a memory. Its version is the ETag. */
  @Get(':id')
  @RequirePermission('read')
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'ETag that is known already: answers 304',
  })
  @ApiOkResponse({ type: MemoryDto })
  async get(
    @Param('id') id: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MemoryDto | undefined> {
    const memory = await this.memories.get(id);
    reply.header('ETag', etagOf(memory));
    if (known !== undefined && matchesEtag(known, memory)) {
      reply.status(304);
      return undefined;
    }
    return MemoryDto.of(memory);
  }

  /** Changes the fields given; the former state goes to the history. */
  @Patch(':id')
  @RequirePermission('write')
  @IfMatch()
  @ApiOkResponse({ type: MemoryDto })
  @ApiResponse({ status: 412, description: 'VERSION_MISMATCH: changed since' })
  async patch(
    @Param('id') id: string,
    @Body() body: PatchMemoryDto,
    @Headers('if-match') expected: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MemoryDto> {
    const memory = await this.memories.patch(id, body, versionsOf(expected));
    reply.header('ETag', etagOf(memory));
    return MemoryDto.of(memory);
  }

  /** Deletes a memory and its history. */
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('delete')
  @IfMatch()
  @ApiNoContentResponse()
  @ApiResponse({ status: 412, description: 'VERSION_MISMATCH: changed since' })
  async delete(@Param('id') id: string, @Headers('if-match') expected: string | undefined): Promise<void> {
    await this.memories.delete(id, versionsOf(expected));
  }

  /** Makes a memory stand out more, because it was of use; fades with time. Its version stays as it is. */
  @Post(':id/reinforce')
  @HttpCode(200)
  @RequirePermission('write')
  @IfMatch()
  @ApiBody({ type: ReinforceDto, required: false })
  @ApiOkResponse({ type: MemoryDto })
  @ApiResponse({ status: 412, description: 'VERSION_MISMATCH: changed since' })
  async reinforce(
    @Param('id') id: string,
    @Body() { amount }: ReinforceDto,
    @Headers('if-match') expected: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MemoryDto> {
    const memory = await this.reinforcement.reinforce(id, amount, versionsOf(expected));
    reply.header('ETag', etagOf(memory));
    return MemoryDto.of(memory);
  }

  /** The former states of a memory, the latest first. */
  @Get(':id/history')
  @RequirePermission('read')
  @ApiOperation({ summary: 'Former states of a memory' })
  async history(@Param('id') id: string): Promise<HistoryDto> {
    const versions = await this.memories.history(id);
    return { items: versions.map((version) => MemoryVersionDto.of(version)) };
  }
}
