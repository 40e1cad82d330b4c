import { Injectable } from '@nestjs/common';
import { ApiError } from '../http/api-error.js';
import { validated } from '../http/validation.js';
import { MemoriesService } from '../memories/memories.service.js';
import { CreateMemoryDto } from '../memories/memory.dto.js';
import { MemoryReinforcement } from '../memories/memory-reinforcement.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { shownOwner } from '../memories/named-user.js';
import { namedUser } from './named-user.js';
import { absent } from './openmemory-reading-tools.js';
import { DELETE_SCHEMA, REINFORCE_SCHEMA, STORE_PROJECT_SCHEMA, STORE_SCHEMA } from './openmemory-schemas.js';
import { prettyJson } from './pretty-json.js';
import { GLOBAL_PROJECT } from './projects.js';
import { type ToolSet, texts, tool } from './tool.js';

interface StoreArgs {
  readonly content: string;
  readonly type?: 'contextual' | 'factual' | 'both';
  readonly facts?: readonly object[];
  readonly tags?: string[];
  readonly metadata?: Record<string, unknown>;
  readonly user_id?: string;
}

type StoreProjectArgs = StoreArgs & { readonly project_id: string };

interface ReinforceArgs {
  readonly id: string;
  readonly boost?: number;
}

interface DeleteArgs {
  readonly id: string;
  readonly user_id?: string;
  readonly project_id?: string;
}

const DEFAULT_BOOST = 0.1;

/** OpenMemory's tools that store, change and delete. */
@Injectable()
export class OpenMemoryWritingTools implements ToolSet {
  readonly tools = [
    tool({
      name: 'openmemory_store_project',
      description:
        'Persist new content scoped to a SPECIFIC PROJECT. Use this for design decisions, code patterns, or business logic that is unique to this project. If unsure if the content is project-specific vs global, YOU MUST ASK THE USER for clarification.',
      inputSchema: STORE_PROJECT_SCHEMA,
      permission: 'write',
      run: ({ project_id: project, ...args }: StoreProjectArgs) =>
        this.store(args, project, `Stored project memory [project=${project}]`),
    }),
    tool({
      name: 'openmemory_store',
      description:
        'Persist new content as GLOBAL KNOWLEDGE. Use this for general coding best practices, common library knowledge, or universal system concepts. If unsure if the content is global vs project-specific, YOU MUST ASK THE USER for clarification.',
      inputSchema: STORE_SCHEMA,
      permission: 'write',
      run: (args: StoreArgs) =>
        this.store(args, GLOBAL_PROJECT, `Stored global memory [scope=${GLOBAL_PROJECT}]`),
    }),
    tool({
      name: 'openmemory_reinforce',
      description: 'Boost salience for an existing memory',
      inputSchema: REINFORCE_SCHEMA,
      permission: 'write',
      run: async ({ id, boost = DEFAULT_BOOST }: ReinforceArgs) => {
        await this.reinforcement.reinforce(id, boost);
        return texts(`Reinforced memory ${id} by ${boost}`);
      },
    }),
    tool({
      name: 'openmemory_delete',
      description: 'Delete a memory by identifier',
      inputSchema: DELETE_SCHEMA,
      permission: 'delete',
      run: (args: DeleteArgs) => this.delete(args),
    }),
  ];

  constructor(
    private readonly memories: MemoriesService,
    private readonly reinforcement: MemoryReinforcement,
    private readonly tenancy: Tenancy,
  ) {}

  private async store(args: StoreArgs, project: string, done: string) {
    const { type = 'contextual', facts = [], content, tags, metadata, user_id } = args;
    // Whole or not at all: who asks for a fact to be stored must not be left to believe that it was.
    if (type !== 'contextual' || facts.length > 0) throw factsNotStored();
    const given = { content, tags, metadata, user_id: namedUser(user_id), collection: project };
    const { memory } = await this.memories.create(validated(CreateMemoryDto, defined(given), 'arguments'));
    const { id, primary_sector, sectors } = MemoryDto.of(memory);
    const hsg = { id, primary_sector, sectors };
    return texts(done, prettyJson({ type, hsg, user_id: shownOwner(memory), project_id: project }));
  }

  private async delete({ id, user_id, project_id: project }: DeleteArgs) {
    const owner = namedUser(user_id);
    const isDeleted = await this.tenancy.transaction(async () => {
      const memory = await this.memories.get(id).catch(absent);
      if (!memory || (owner !== undefined && memory.userId !== owner)) return false;
      if (project !== undefined && memory.collection !== project) return false;
      await this.memories.delete(id);
      return true;
    });
    if (isDeleted) return texts(`Memory ${id} successfully deleted.`);
    const where = `${owner === undefined ? '' : ` for user ${owner}`}${project === undefined ? '' : ` in project ${project}`}`;
    // The same words whether it is another's or nobody's.
    return texts(`Memory ${id} not found${where}.`);
  }
}

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function factsNotStored(): ApiError {
  return new ApiError(
    422,
    'FACTS_NOT_STORED',
    "facts cannot be stored yet, so nothing was: use type 'contextual', without facts, and put them into content",
  );
}
