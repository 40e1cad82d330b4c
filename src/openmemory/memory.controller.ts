import { Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { memoryNotFound } from '../memories/memories.service.js';
import type { Values } from './input.js';
import { ADD, PATCH, QUERY, REINFORCE, SEARCH, WHOSE_IT_IS } from './inputs.js';
import { OldMemoriesService } from './old-memories.service.js';
import { OldMemoryList } from './old-memory-list.js';
import { addedMemory, listedMemory, matchOf, wholeMemory } from './old-memory.js';
import { type OldPageQuery, PAGE_NAMES, pageOf } from './old-page.js';
import { OldBody, OldQuery, OldRoutes } from './old-routes.decorators.js';
import { type Whose, collectionOf, namedUser } from './whose.js';

const WHOSE = ['user_id', 'project_id'] as const;

/** Memories in the shape that clients of OpenMemory know; those of Cairn's own API are `/v1/memories`. */
@OldRoutes('memory')
export class OldMemoryController {
  constructor(
    private readonly memories: OldMemoriesService,
    private readonly lists: OldMemoryList,
  ) {}

  @Post('add')
  @HttpCode(200)
  @RequirePermission('write')
  async add(@OldBody(ADD) input: Values<typeof ADD>) {
    return addedMemory(await this.memories.add(input));
  }

  @Post('query')
  @HttpCode(200)
  @RequirePermission('read')
  async query(@OldBody(QUERY) input: Values<typeof QUERY>) {
    const found = await this.memories.search(input);
    const now = Date.now();
    return { query: input.query, matches: found.map((one) => matchOf(one, now)) };
  }

  /** As the documentation of OpenMemory promised it, and as its Python server answered it. */
  @Post('search')
  @HttpCode(200)
  @RequirePermission('read')
  async search(@OldBody(SEARCH) { limit = 10, ...input }: Values<typeof SEARCH>) {
    const found = await this.memories.search({ ...input, k: limit });
    const now = Date.now();
    const results = found.map((one) => matchOf(one, now));
    return { query: input.query, results, memories: results };
  }

  @Post('reinforce')
  @HttpCode(200)
  @RequirePermission('write')
  async reinforce(@OldBody(REINFORCE) { id, boost, ...whose }: Values<typeof REINFORCE>) {
    await this.memories.reinforce(id, boost, whose);
    return { ok: true };
  }

  @Get('all')
  @RequirePermission('read')
  async all(@OldQuery('sector', ...WHOSE, ...PAGE_NAMES) query: Whose & OldPageQuery & { sector?: string }) {
    const page = pageOf(query);
    const user = namedUser(query.user_id);
    const owners = user === undefined ? undefined : [user];
    const filters = { owners, collection: collectionOf(query), sector: query.sector || undefined };
    const now = Date.now();
    return { items: (await this.lists.list(filters, page)).map((memory) => listedMemory(memory, now)) };
  }

  /** What the Python server called the list. */
  @Get('history')
  @RequirePermission('read')
  async history(@OldQuery('sector', ...WHOSE, ...PAGE_NAMES) query: Whose & OldPageQuery) {
    const { items } = await this.all(query);
    return { history: items };
  }

  @Get(':id')
  @RequirePermission('read')
  async get(@Param('id') id: string, @OldQuery(...WHOSE) whose: Whose) {
    return wholeMemory(await this.memories.get(id, whose), Date.now());
  }

  @Patch(':id')
  @RequirePermission('write')
  async patch(@Param('id') id: string, @OldBody(PATCH) change: Values<typeof PATCH>) {
    return { id, updated: await this.memories.patch(id, change) };
  }

  /** Whose it is may stand in the query or in the body. */
  @Delete(':id')
  @RequirePermission('delete')
  async delete(
    @Param('id') id: string,
    @OldQuery(...WHOSE) asked: Whose,
    @OldBody(WHOSE_IT_IS) said: Values<typeof WHOSE_IT_IS>,
  ) {
    const [one, other] = [asked.user_id, said.user_id].map(namedUser);
    if (one !== undefined && other !== undefined && one !== other) throw memoryNotFound();
    const project_id = asked.project_id ?? said.project_id;
    await this.memories.delete(id, { user_id: one ?? other, project_id });
    return { ok: true };
  }
}
