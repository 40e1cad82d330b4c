import { Injectable } from '@nestjs/common';
import { validated } from '../http/validation.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import { WaypointLister } from '../waypoints/waypoint-lister.js';
import { DEFAULT_TYPE } from '../waypoints/waypoint-types.js';
import { EdgeDto, WaypointDto } from '../waypoints/waypoint-view.dto.js';
import { WaypointWalker } from '../waypoints/waypoint-walker.js';
import {
  ListWaypointsDto,
  MAX_NEIGHBOUR_DEPTH,
  MAX_PATH_DEPTH,
  NeighboursQueryDto,
  PathQueryDto,
  PutWaypointDto,
  WaypointKeyDto,
} from '../waypoints/waypoint.dto.js';
import { WaypointsService } from '../waypoints/waypoints.service.js';
import {
  CURSOR,
  DELETES,
  DIRECTION,
  LIMIT,
  METADATA,
  READS,
  USER_ID,
  WEIGHT,
  WRITES,
  text,
} from './cairn-schemas.js';
import { namedUser } from './named-user.js';
import { prettyJson } from './pretty-json.js';
import { schema } from './schema.js';
import { type ToolSet, texts, tool } from './tool.js';

const SOURCE = text('The id of the memory that it starts from');
const DESTINATION = text('The id of the memory that it leads to');
const TYPE = text(
  'What the one is to the other, such as related (the default), contradicts or superseded_by',
);
const ONLY_TYPE = text('Only waypoints of this type');
const MIN_WEIGHT = { ...WEIGHT, description: 'Only waypoints at least this strong' };
const WALK = { direction: DIRECTION, type: ONLY_TYPE, min_weight: MIN_WEIGHT };

/** Cairn's tools for waypoints, the directed edges between memories. */
@Injectable()
export class WaypointTools implements ToolSet {
  readonly tools = [
    tool({
      name: 'cairn_create_waypoint',
      description:
        'Join one memory to another of the same owner by a waypoint. One of this type that is there already gets this weight and metadata',
      inputSchema: schema(
        {
          ...{ src_id: SOURCE, dst_id: DESTINATION, type: TYPE },
          ...{ weight: { ...WEIGHT, description: 'How strong it is (1)' }, metadata: METADATA },
        },
        'src_id',
        'dst_id',
      ),
      annotations: { ...WRITES, idempotentHint: true },
      permission: 'write',
      run: (args: object) => this.create(args),
    }),
    tool({
      name: 'cairn_list_waypoints',
      description:
        'List waypoints, those from the newest memories first: all of them, or those of one memory',
      inputSchema: schema({
        ...{ memory_id: text('Only waypoints that start from this memory or lead to it'), ...WALK },
        ...{ user_id: USER_ID, limit: LIMIT, cursor: CURSOR },
      }),
      annotations: READS,
      permission: 'read',
      run: (args: { readonly user_id?: string }) => this.list(args),
    }),
    tool({
      name: 'cairn_waypoint_neighbours',
      description:
        'Find the memories around one along waypoints: the nearest first, of equally near ones the strongest',
      inputSchema: schema(
        {
          memory_id: text('The id of the memory to start from'),
          depth: {
            ...{ type: 'integer', minimum: 1, maximum: MAX_NEIGHBOUR_DEPTH },
            description: 'How many waypoints away at most (1)',
          },
          ...{ ...WALK, limit: LIMIT },
        },
        'memory_id',
      ),
      annotations: READS,
      permission: 'read',
      run: (args: object) => this.neighbours(args),
    }),
    tool({
      name: 'cairn_waypoint_path',
      description: 'Find the best way from one memory to another along waypoints',
      inputSchema: schema(
        {
          ...{ from: text('The id of the memory to start from'), to: text('The id of the memory to get to') },
          mode: {
            ...{ type: 'string', enum: ['shortest', 'strongest'] },
            description:
              'Over the fewest waypoints (shortest, the default), or by the highest product of weights',
          },
          max_depth: {
            ...{ type: 'integer', minimum: 1, maximum: MAX_PATH_DEPTH },
            description: `How many waypoints it may have at most (${MAX_PATH_DEPTH})`,
          },
          ...WALK,
        },
        'from',
        'to',
      ),
      annotations: READS,
      permission: 'read',
      run: (args: object) => this.path(args),
    }),
    tool({
      name: 'cairn_delete_waypoint',
      description: 'Delete a waypoint; the memories stay',
      inputSchema: schema({ src_id: SOURCE, dst_id: DESTINATION, type: TYPE }, 'src_id', 'dst_id'),
      annotations: DELETES,
      permission: 'delete',
      run: (args: object) => this.delete(args),
    }),
  ];

  constructor(
    private readonly waypoints: WaypointsService,
    private readonly lister: WaypointLister,
    private readonly walker: WaypointWalker,
  ) {}

  private async create(args: object) {
    const { src_id: srcId, dst_id: dstId, ...rest } = validated(PutWaypointDto, args, 'arguments');
    const { type = DEFAULT_TYPE, weight = 1, metadata = {} } = rest;
    const { waypoint, created } = await this.waypoints.put({ srcId, dstId, type, weight, metadata });
    const edge = WaypointDto.of(waypoint);
    return texts(`${created ? 'Created' : 'Changed'} waypoint ${describe(edge)}.`, prettyJson(edge));
  }

  private async list(args: { readonly user_id?: string }) {
    const query = validated(ListWaypointsDto, args, 'arguments');
    const page = await this.lister.list({ ...query, user_id: namedUser(args.user_id) });
    const items = page.items.map((waypoint) => WaypointDto.of(waypoint));
    const summary = items.map(describe).join('\n') || 'There are no such waypoints.';
    return texts(summary, prettyJson({ items, next_cursor: page.nextCursor }));
  }

  private async neighbours(args: object) {
    const found = await this.walker.neighbours(validated(NeighboursQueryDto, args, 'arguments'));
    const now = Date.now();
    const items = found.neighbours.map(({ memory, distance, weight, via }) => {
      return { memory: MemoryDto.of(memory, now), distance, weight, via: EdgeDto.of(via) };
    });
    const lines = items.map(({ memory, distance, via }) => {
      return `${distance} away by ${describe(via)}: ${memory.content}`;
    });
    const { truncated } = found;
    return texts(lines.join('\n') || 'There is no memory around it.', prettyJson({ items, truncated }));
  }

  private async path(args: object) {
    const { path, truncated } = await this.walker.path(validated(PathQueryDto, args, 'arguments'));
    const now = Date.now();
    const memories = path?.memories.map((memory) => MemoryDto.of(memory, now)) ?? null;
    const edges = path?.edges.map((edge) => EdgeDto.of(edge)) ?? [];
    const none = truncated ? 'No path was found within the bounds of a search.' : 'There is no path.';
    const summary = memories?.map(({ id, content }) => `${id}: ${content}`).join('\n') ?? none;
    return texts(summary, prettyJson({ path: memories, edges, weight: path?.weight ?? null, truncated }));
  }

  private async delete(args: object) {
    const {
      src_id: srcId,
      dst_id: dstId,
      type = DEFAULT_TYPE,
    } = validated(WaypointKeyDto, args, 'arguments');
    await this.waypoints.delete({ srcId, dstId, type });
    return texts(`Deleted waypoint ${srcId} --${type}--> ${dstId}.`);
  }
}

function describe({ src_id, dst_id, type, weight }: EdgeDto): string {
  return `${src_id} --${type} ${weight}--> ${dst_id}`;
}
