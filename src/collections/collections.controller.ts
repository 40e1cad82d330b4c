import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { jsonAnswer } from '../memories/stored-json.js';
import {
  CollectionDto,
  CollectionListDto,
  CreateCollectionDto,
  DescribeCollectionDto,
  ListCollectionsDto,
} from './collection.dto.js';
import { CollectionsService, type CountedCollection } from './collections.service.js';

const NotFound = () =>
  ApiResponse({ status: 404, description: 'NOT_FOUND: neither described nor named by a memory' });

@ApiTags('collections')
@Controller('v1/collections')
export class CollectionsController {
  constructor(private readonly collections: CollectionsService) {}

  /** Lists the collections that were described or that memories name, with counts. */
  @Get()
  @RequirePermission('read')
  async list(@Query() query: ListCollectionsDto): Promise<CollectionListDto> {
    const { items, nextCursor } = await this.collections.list(query);
    return { items: items.map(view), next_cursor: nextCursor };
  }

  /** Describes a new collection. For service tokens. Memories may name any collection without this. */
  @Post()
  @RequirePermission('write')
  @ApiResponse({ status: 201, type: CollectionDto })
  @ApiResponse({ status: 409, description: 'COLLECTION_EXISTS: described already' })
  async create(@Body() body: CreateCollectionDto): Promise<CollectionDto> {
    return view(await this.collections.create(body));
  }

  @Get(':name')
  @RequirePermission('read')
  @ApiOkResponse({ type: CollectionDto })
  @NotFound()
  async get(@Param('name') name: string): Promise<CollectionDto> {
    return view(await this.collections.get(name));
  }

  /** Changes what a collection says of itself. For service tokens. */
  @Patch(':name')
  @RequirePermission('write')
  @ApiOkResponse({ type: CollectionDto })
  @NotFound()
  async describe(@Param('name') name: string, @Body() body: DescribeCollectionDto): Promise<CollectionDto> {
    return view(await this.collections.describe(name, body));
  }

  /** Deletes an empty collection. For service tokens. */
  @Delete(':name')
  @HttpCode(204)
  @RequirePermission('delete')
  @ApiNoContentResponse()
  @NotFound()
  @ApiResponse({ status: 409, description: 'COLLECTION_NOT_EMPTY: memories name it' })
  async delete(@Param('name') name: string): Promise<void> {
    await this.collections.delete(name);
  }
}

function view({ name, count, described }: CountedCollection): CollectionDto {
  return {
    name,
    description: described?.description ?? null,
    metadata: described ? jsonAnswer(described.metadata) : {},
    count,
    created_at: described?.createdAt ?? null,
    updated_at: described?.updatedAt ?? null,
  };
}
