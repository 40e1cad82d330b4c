import { Injectable } from '@nestjs/common';
import { FactReader } from '../facts/fact-reader.js';
import { ApiError } from '../http/api-error.js';
import { validated } from '../http/validation.js';
import { MemoriesService } from '../memories/memories.service.js';
import { MemoryLister } from '../memories/memory-lister.js';
import { SearchDto } from '../memories/memory-query.dto.js';
import { MemorySearch } from '../memories/memory-search.js';
import type { Memory } from '../memories/memory.entity.js';
import { salienceAt } from '../memories/salience.js';
import type { Sector } from '../memories/sectors.js';
import { namedUser } from './named-user.js';
import { GET_SCHEMA, LIST_SCHEMA, QUERY_SCHEMA } from './openmemory-schemas.js';
import {
  describeFacts,
  describeItems,
  describeMatches,
  factOf,
  itemOf,
  matchOf,
  wholeOf,
} from './openmemory-views.js';
import { prettyJson } from './pretty-json.js';
import { GLOBAL_PROJECT } from './projects.js';
import { type ToolSet, texts, tool } from './tool.js';

interface QueryArgs {
  readonly query: string;
  readonly type?: 'contextual' | 'factual' | 'unified';
  readonly fact_pattern?: Readonly<Partial<Record<'subject' | 'predicate' | 'object', string>>>;
  readonly at?: string;
  readonly k?: number;
  readonly sector?: Sector;
  readonly min_salience?: number;
  readonly user_id?: string;
  readonly project_id?: string;
}

interface ListArgs extends Pick<QueryArgs, 'sector' | 'user_id' | 'project_id'> {
  readonly limit?: number;
}

interface GetArgs {
  readonly id: string;
  readonly include_vectors?: boolean;
  readonly user_id?: string;
}

const DEFAULT_MATCHES = 8;
const DEFAULT_ITEMS = 10;

/** OpenMemory's tools that change nothing. */
@Injectable()
export class OpenMemoryReadingTools implements ToolSet {
  readonly tools = [
    tool({
      name: 'openmemory_query',
      description: 'Query OpenMemory for contextual memories (HSG) and/or temporal facts',
      inputSchema: QUERY_SCHEMA,
      permission: 'read',
      run: (args: QueryArgs) => this.find(args),
    }),
    tool({
      name: 'openmemory_list',
      description: 'List recent memories for quick inspection',
      inputSchema: LIST_SCHEMA,
      permission: 'read',
      run: (args: ListArgs) => this.list(args),
    }),
    tool({
      name: 'openmemory_get',
      description: 'Fetch a single memory by identifier',
      inputSchema: GET_SCHEMA,
      permission: 'read',
      run: (args: GetArgs) => this.get(args),
    }),
  ];

  constructor(
    private readonly memories: MemoriesService,
    private readonly lister: MemoryLister,
    private readonly finder: MemorySearch,
    private readonly facts: FactReader,
  ) {}

  private async find(args: QueryArgs) {
    const { type = 'contextual', query } = args;
    const contextual = type === 'factual' ? undefined : await this.matches(args);
    const factual = type === 'contextual' ? undefined : await this.factsOf(args);
    const results = { type, query, ...(contextual && { contextual }), ...(factual && { factual }) };
    return texts(summaryOf(contextual, factual), prettyJson(results));
  }

  private async matches({ query, k = DEFAULT_MATCHES, sector, min_salience = 0, ...whose }: QueryArgs) {
    const filters = { user_id: namedUser(whose.user_id), ...(sector && { sectors: [sector] }) };
    const { project_id: project } = whose;
    const now = Date.now();
    const isWanted = (memory: Memory) =>
      salienceAt(memory, now) >= min_salience && (project === undefined || isOf(project, memory));
    const isNarrowed = min_salience > 0 || project !== undefined;
    const search = validated(SearchDto, { query, limit: k, filters }, 'arguments');
    const found = await this.finder.search(search, isNarrowed ? isWanted : undefined);
    return found.map((one) => matchOf(one, now));
  }

  private async factsOf({ fact_pattern: pattern = {}, at, user_id, project_id: project }: QueryArgs) {
    const time = at === undefined ? Date.now() : Date.parse(at);
    if (Number.isNaN(time)) throw unreadable('at', 'must be an ISO date');
    const collections = project === undefined ? undefined : [project, GLOBAL_PROJECT];
    const found = await this.facts.at(time, { ...pattern, userId: namedUser(user_id), collections });
    return found.map(factOf);
  }

  private async list({ limit = DEFAULT_ITEMS, sector, user_id, project_id: collection }: ListArgs) {
    const now = Date.now();
    const page = await this.lister.list({ limit, sector, user_id: namedUser(user_id), collection });
    const items = page.items.map((memory) => itemOf(memory, now));
    return texts(describeItems(items) || 'No memories stored yet.', prettyJson({ items }));
  }

  private async get({ id, include_vectors: withSectors = false, user_id }: GetArgs) {
    const owner = namedUser(user_id);
    const memory = await this.memories.get(id).catch(absent);
    if (!memory || (owner !== undefined && memory.userId !== owner)) {
      // The same words whether it is another's or nobody's.
      return texts(`Memory ${id} not found${owner === undefined ? '' : ` for user ${owner}`}.`);
    }
    return texts(prettyJson(wholeOf(memory, withSectors, Date.now())));
  }
}

/** A memory of the project, of all projects or of none. */
function isOf(project: string, { collection }: Memory): boolean {
  return collection === null || collection === project || collection === GLOBAL_PROJECT;
}

type Matches = readonly ReturnType<typeof matchOf>[];
type Facts = readonly ReturnType<typeof factOf>[];

function summaryOf(matches: Matches | undefined, facts: Facts | undefined): string {
  if (!facts) return describeMatches(matches ?? []) || 'No contextual memories matched the query.';
  if (!matches) return describeFacts(facts, true) || 'No temporal facts matched the query.';
  if (matches.length + facts.length === 0) return 'No results found in either system.';
  const parts = [`Found ${matches.length} contextual memories and ${facts.length} temporal facts.`];
  if (matches.length > 0) parts.push(`=== Contextual Memories ===\n${describeMatches(matches)}`);
  if (facts.length > 0) parts.push(`=== Temporal Facts ===\n${describeFacts(facts, false)}`);
  return parts.join('\n\n');
}

/** Nothing in place of what is not there; other errors go on. */
export function absent(error: unknown): undefined {
  if (error instanceof ApiError && error.getStatus() === 404) return undefined;
  throw error;
}

function unreadable(field: string, message: string): ApiError {
  return new ApiError(400, 'VALIDATION_FAILED', 'The arguments are not acceptable; errors says why.', {
    errors: [{ field, message }],
  });
}
