import { Load, credentialOf } from './load.js';
import type { Turn } from './locomo.js';

const VAULT = 'locomo';
/** Results asked for. */
const LIMIT = 20;

/** What a conversation's turns were stored as. */
export interface Stored {
  /** By the id of the memory. */
  readonly turns: ReadonlyMap<string, Turn>;
  /** Adds that were answered as done. */
  readonly added: number;
  /** Of these, the ones of which no memory of their own, with their whole content, can be read. */
  readonly notStored: number;
}

/** The vault's own service, which stores and asks for the users it names. */
export class RecallClient {
  private readonly credential = credentialOf(VAULT);
  /** Turns arrive in their order: what is near each other matters. */
  private readonly inOrder: Load;
  private readonly atOnce: Load;

  constructor(baseUrl: string) {
    this.inOrder = new Load(baseUrl, 1);
    this.atOnce = new Load(baseUrl);
  }

  /** Adds each turn for this user, and reads back what it was answered to be. */
  async store(user: string, turns: readonly Turn[]): Promise<Stored> {
    const { credential } = this;
    const contents = turns.map(contentOf);
    const adds = await this.inOrder.send(turns.length, (n) => ({
      method: 'POST',
      path: '/v1/memories',
      body: { content: contents[n], tags: [], metadata: metadataOf(turns[n]), user_id: user },
      status: 201,
      credential,
    }));
    const ids = adds.bodies.map((body) => (JSON.parse(body) as { id: string }).id);
    const reads = await this.atOnce.send(ids.length, (n) => ({
      method: 'GET',
      path: `/v1/memories/${encodeURIComponent(ids[n])}`,
      status: 'any',
      credential,
    }));
    const kept = reads.bodies.map(
      (body, n) => (JSON.parse(body) as { content?: string }).content === contents[n],
    );
    // Two adds that were given the same id are one memory.
    const whole = new Set(ids.filter((_, n) => kept[n]));
    return {
      turns: new Map(ids.map((id, n) => [id, turns[n]])),
      added: ids.length,
      notStored: ids.length - whole.size,
    };
  }

  /** @returns the ids of what was found for each query */
  async ask(user: string, queries: readonly string[]): Promise<string[][]> {
    const { bodies } = await this.atOnce.send(queries.length, (n) => ({
      method: 'POST',
      path: '/v1/memories/search',
      body: { query: queries[n], limit: LIMIT, filters: { user_id: user } },
      credential: this.credential,
    }));
    return bodies.map((body) =>
      (JSON.parse(body) as { results: { id: string }[] }).results.map(({ id }) => id),
    );
  }

  close(): void {
    this.inOrder.close();
    this.atOnce.close();
  }
}

function contentOf({ speaker, text, caption }: Turn): string {
  return `${speaker}: ${text}${caption === undefined ? '' : ` [image: ${caption}]`}`;
}

function metadataOf({ id, session, speaker, sessionDate }: Turn): Record<string, unknown> {
  return { dia_id: id, session, speaker, session_date: sessionDate };
}
