import { expect } from 'vitest';
import { estimateTokens } from '../../src/memories/token-estimate.js';
import type { Client } from './app.js';

export const MINUTE = 60_000;
export const DAY = 86_400_000;
export const MAY_3 = Date.UTC(2026, 4, 3, 10);

/** What POST /v1/memories/context answers. */
export interface Context {
  readonly text: string;
  readonly tokens: number;
  readonly memories: readonly {
    readonly id: string;
    readonly user_id: string | null;
    readonly session_id: string | null;
    readonly content: string;
    readonly metadata: object;
    readonly score: number | null;
    readonly created_at: number;
  }[];
}

/** Stores memories one by one, of 3 May 2026 where nothing else is said. */
export async function store(client: Client, ...memories: object[]): Promise<void> {
  for (const memory of memories) {
    const { status, text } = await client.post('/v1/memories', { created_at: MAY_3, ...memory });
    expect([status, text]).toEqual([201, text]);
  }
}

/** Asks for a context, of 1,000 tokens where nothing else is said. */
export async function context(client: Client, body: object): Promise<Context> {
  const answer = await client.post('/v1/memories/context', { max_tokens: 1000, ...body });
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  expect(answer.body.tokens).toBe(estimateTokens(answer.body.text));
  return answer.body as Context;
}

export function idsOf({ memories }: Pick<Context, 'memories'>): string[] {
  return memories.map(({ id }) => id);
}
