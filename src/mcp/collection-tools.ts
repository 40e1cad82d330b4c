import { Injectable } from '@nestjs/common';
import {
  CreateCollectionDto,
  DescribeCollectionDto,
  ListCollectionsDto,
} from '../collections/collection.dto.js';
import { CollectionsService, type CountedCollection } from '../collections/collections.service.js';
import { validated } from '../http/validation.js';
import { SearchDto } from '../memories/memory-query.dto.js';
import { MemorySearch } from '../memories/memory-search.js';
import { jsonAnswer } from '../memories/stored-json.js';
import { CURSOR, DELETES, LIMIT, METADATA, QUERY, READS, USER_ID, WRITES, text } from './cairn-schemas.js';
import { namedUser } from './named-user.js';
import { describeMatches, matchOf } from './openmemory-views.js';
import { prettyJson } from './pretty-json.js';
import { schema } from './schema.js';
import { type ToolSet, texts, tool } from './tool.js';

interface NameArgs {
  readonly name: string;
}

interface DescribeArgs extends NameArgs {
  readonly description?: string;
  readonly metadata?: Record<string, unknown>;
}

interface SearchArgs {
  readonly collection: string;
  readonly query: string;
  readonly limit?: number;
  readonly user_id?: string;
}

const NAME = text('The name of the collection');
const DESCRIPTION = { ...text('What belongs in it'), maxLength: 4096 };
const DEFAULT_FOUND = 8;

/** Cairn's tools for collections, the named shelves of a vault. */
@Injectable()
export class CollectionTools implements ToolSet {
  readonly tools = [
    tool({
      name: 'cairn_list_collections',
      description:
        'List the collections (named shelves, which OpenMemory calls projects) that were described or that memories are in, by name, with how many memories each holds',
      inputSchema: schema({ limit: LIMIT, cursor: CURSOR }),
      annotations: READS,
      permission: 'read',
      run: (args: object) => this.list(args),
    }),
    tool({
      name: 'cairn_create_collection',
      description:
        'Describe a new collection. Needs a credential for the whole vault. Memories may be stored in any collection without this, by openmemory_store_project',
      inputSchema: schema({ name: NAME, description: DESCRIPTION, metadata: METADATA }, 'name'),
      annotations: WRITES,
      permission: 'write',
      run: async (args: DescribeArgs) => {
        const created = await this.collections.create(validated(CreateCollectionDto, args, 'arguments'));
        return texts(`Created collection ${args.name}.`, prettyJson(viewOf(created)));
      },
    }),
    tool({
      name: 'cairn_describe_collection',
      description:
        'Change what a collection says of itself, also of one that was never described but that memories are in. Needs a credential for the whole vault',
      inputSchema: schema({ name: NAME, description: DESCRIPTION, metadata: METADATA }, 'name'),
      annotations: WRITES,
      permission: 'write',
      run: async ({ name, ...change }: DescribeArgs) => {
        const described = await this.collections.describe(
          name,
          validated(DescribeCollectionDto, change, 'arguments'),
        );
        return texts(`Described collection ${name}.`, prettyJson(viewOf(described)));
      },
    }),
    tool({
      name: 'cairn_delete_collection',
      description: 'Delete a collection that no memory is in. Needs a credential for the whole vault',
      inputSchema: schema({ name: NAME }, 'name'),
      annotations: DELETES,
      permission: 'delete',
      run: async ({ name }: NameArgs) => {
        await this.collections.delete(name);
        return texts(`Deleted collection ${name}.`);
      },
    }),
    tool({
      name: 'cairn_search_collection',
      description: 'Find memories within one collection by words, the best first',
      inputSchema: schema(
        {
          collection: NAME,
          query: QUERY,
          limit: { ...LIMIT, description: 'How many at most (8)' },
          user_id: USER_ID,
        },
        'collection',
        'query',
      ),
      annotations: READS,
      permission: 'read',
      run: (args: SearchArgs) => this.search(args),
    }),
  ];

  constructor(
    private readonly collections: CollectionsService,
    private readonly finder: MemorySearch,
  ) {}

  private async list(args: object) {
    const page = await this.collections.list(validated(ListCollectionsDto, args, 'arguments'));
    const items = page.items.map(viewOf);
    const lines = items.map(({ name, count, description }) => {
      return `${name} (${count})${description === null ? '' : `: ${description}`}`;
    });
    const next_cursor = page.nextCursor;
    return texts(lines.join('\n') || 'There are no collections yet.', prettyJson({ items, next_cursor }));
  }

  private async search({ collection, query, limit = DEFAULT_FOUND, user_id }: SearchArgs) {
    const filters = { collection, user_id: namedUser(user_id) };
    const found = await this.finder.search(validated(SearchDto, { query, limit, filters }, 'arguments'));
    const now = Date.now();
    const matches = found.map((one) => matchOf(one, now));
    const summary = describeMatches(matches) || 'No memories of this collection matched the query.';
    return texts(summary, prettyJson({ collection, query, matches }));
  }
}

function viewOf({ name, count, described }: CountedCollection) {
  const description = described?.description ?? null;
  return { name, description, metadata: described ? jsonAnswer(described.metadata) : {}, count };
}
