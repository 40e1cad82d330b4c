import { HttpCode, Post } from '@nestjs/common';
import { RequirePermission } from '../auth/route-access.decorators.js';
import type { Values } from './input.js';
import { ADD, SHORT_QUERY } from './inputs.js';
import { OldMemoriesService } from './old-memories.service.js';
import { addedMemory, matchOf } from './old-memory.js';
import { OldBody, OldRoutes } from './old-routes.decorators.js';
import { namedUser, shownCaller } from './whose.js';

const DEFAULT_K = 8;

/** What OpenMemory offered to functions of the Vercel AI SDK. */
@OldRoutes()
export class VercelController {
  constructor(private readonly memories: OldMemoriesService) {}

  @Post('query')
  @HttpCode(200)
  @RequirePermission('read')
  async query(@OldBody(SHORT_QUERY) input: Values<typeof SHORT_QUERY>) {
    const { query, k = DEFAULT_K, user_id } = input;
    const found = await this.memories.search({ ...input, k });
    const now = Date.now();
    const matches = found.map((one) => {
      const { id, content, score, sectors, primary_sector, last_seen_at } = matchOf(one, now);
      return { id, content, score, sectors, primary_sector, last_seen_at };
    });
    const result = matches.map(({ score, content }) => `- (${score.toFixed(2)}) ${content}`).join('\n');
    return { query, user_id: namedUser(user_id) ?? shownCaller(), k, result, matches };
  }

  @Post('memories')
  @HttpCode(200)
  @RequirePermission('write')
  async store(@OldBody(ADD) input: Values<typeof ADD>) {
    return addedMemory(await this.memories.add(input));
  }
}
