import { Body, Controller, Delete, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import {
  ListWaypointsDto,
  NeighboursQueryDto,
  PathQueryDto,
  PutWaypointDto,
  WaypointKeyDto,
} from './waypoint.dto.js';
import { WaypointLister } from './waypoint-lister.js';
import { DEFAULT_TYPE } from './waypoint-types.js';
import { EdgeDto, NeighboursDto, PathDto, WaypointDto, WaypointListDto } from './waypoint-view.dto.js';
import { WaypointWalker } from './waypoint-walker.js';
import { WaypointsService } from './waypoints.service.js';

@ApiTags('waypoints')
@Controller('v1/waypoints')
export class WaypointsController {
  constructor(
    private readonly waypoints: WaypointsService,
    private readonly lister: WaypointLister,
    private readonly walker: WaypointWalker,
  ) {}

  /**
   * Joins one memory to another. Where a waypoint of this type is there already, it becomes what the request
   * says: 200 instead of 201.
   */
  @Post()
  @RequirePermission('write')
  @ApiResponse({ status: 201, type: WaypointDto })
  @ApiResponse({ status: 200, type: WaypointDto, description: 'It was there already' })
  @ApiResponse({ status: 403, description: 'A memory that a user may only read' })
  @ApiResponse({ status: 404, description: 'One of the memories is not there' })
  @ApiResponse({ status: 409, description: 'DIFFERENT_OWNERS: the memories belong to two' })
  async put(
    @Body() { src_id: srcId, dst_id: dstId, ...body }: PutWaypointDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WaypointDto> {
    const { type = DEFAULT_TYPE, weight = 1, metadata = {} } = body;
    const { waypoint, created } = await this.waypoints.put({ srcId, dstId, type, weight, metadata });
    reply.status(created ? 201 : 200);
    return WaypointDto.of(waypoint);
  }

  /** Lists waypoints by the creation time of the memory they start from, the newest first. */
  @Get()
  @RequirePermission('read')
  @ApiOkResponse({ type: WaypointListDto })
  async list(@Query() query: ListWaypointsDto): Promise<WaypointListDto> {
    const { items, nextCursor, count } = await this.lister.list(query);
    return { items: items.map((waypoint) => WaypointDto.of(waypoint)), next_cursor: nextCursor, count };
  }

  /** Deletes a waypoint; the memories stay. */
  @Delete()
  @HttpCode(204)
  @RequirePermission('delete')
  @ApiNoContentResponse()
  @ApiResponse({ status: 404, description: 'There is no such waypoint' })
  async delete(
    @Query() { src_id: srcId, dst_id: dstId, type = DEFAULT_TYPE }: WaypointKeyDto,
  ): Promise<void> {
    await this.waypoints.delete({ srcId, dstId, type });
  }

  /** The memories around one: the nearest first, of equally near ones the strongest. */
  @Get('neighbours')
  @RequirePermission('read')
  @ApiOkResponse({ type: NeighboursDto })
  @ApiResponse({ status: 404, description: 'The memory is not there' })
  async neighbours(@Query() query: NeighboursQueryDto): Promise<NeighboursDto> {
    const { neighbours, truncated } = await this.walker.neighbours(query);
    const items = neighbours.map(({ memory, distance, weight, via }) => {
      return { memory: MemoryDto.of(memory), distance, weight, via: EdgeDto.of(via) };
    });
    return { items, truncated };
  }

  /** The best way from one memory to another. Without one the path is null: that is no error. */
  @Get('path')
  @RequirePermission('read')
  @ApiOperation({ summary: 'Shortest or strongest path' })
  @ApiOkResponse({ type: PathDto })
  @ApiResponse({ status: 404, description: 'One of the memories is not there' })
  async path(@Query() query: PathQueryDto): Promise<PathDto> {
    const { path, truncated } = await this.walker.path(query);
    return {
      path: path?.memories.map((memory) => MemoryDto.of(memory)) ?? null,
      edges: path?.edges.map((edge) => EdgeDto.of(edge)) ?? [],
      weight: path?.weight ?? null,
      truncated,
    };
  }
}
