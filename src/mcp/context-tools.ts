import { Injectable } from '@nestjs/common';
import { validated } from '../http/validation.js';
import { MemoryContext } from '../memories/context.js';
import { ContextDto } from '../memories/context.dto.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import { QUERY, READS, TOKENS, USER_ID, text } from './cairn-schemas.js';
import { namedUser } from './named-user.js';
import { prettyJson } from './pretty-json.js';
import { schema } from './schema.js';
import { type ToolSet, texts, tool } from './tool.js';

interface ContextArgs {
  readonly query: string;
  readonly max_tokens?: number;
  readonly user_id?: string;
  readonly session_id?: string;
  readonly collection?: string;
}

const DEFAULT_TOKENS = 1_000;

/** Cairn's tool that writes down what is known, ready for a prompt. */
@Injectable()
export class ContextTools implements ToolSet {
  readonly tools = [
    tool({
      name: 'cairn_context',
      description:
        'Write down what is known about something, within a budget of tokens: the best memories with their dates and speakers, and beside them their neighbours in the conversation, in order of time. Use this before answering from memory.',
      inputSchema: schema(
        {
          query: QUERY,
          max_tokens: TOKENS,
          user_id: USER_ID,
          session_id: text('Only memories of this session'),
          collection: text('Only memories of this collection, which is what OpenMemory calls a project'),
        },
        'query',
      ),
      annotations: READS,
      permission: 'read',
      run: (args: ContextArgs) => this.context(args),
    }),
  ];

  constructor(private readonly contexts: MemoryContext) {}

  private async context({
    query,
    max_tokens = DEFAULT_TOKENS,
    user_id,
    session_id,
    collection,
  }: ContextArgs) {
    const filters = { user_id: namedUser(user_id), session_id, collection };
    const given = validated(ContextDto, { query, max_tokens, filters }, 'arguments');
    const context = await this.contexts.build(given);
    const now = Date.now();
    const memories = context.memories.map(({ memory, score }) => ({ ...MemoryDto.of(memory, now), score }));
    const { tokens } = context;
    return texts(context.text || 'Nothing is known about this.', prettyJson({ tokens, memories }));
  }
}
