import { type Call, type Load, credentialOf } from './load.js';
import { type Length, Texts, randomOf } from './texts.js';

/** As many memories as one request fills in. */
const FILL = 5_000;
/** Turns of a session, one minute apart; the next session is some hours later. */
const TURNS = 22;
const MINUTE = 60_000;
const SESSION = 7 * 60 * MINUTE;
/** When the first session began. */
const BEGIN = Date.UTC(2021, 2, 1, 9);
const LIST = 20;
const SEARCH = 10;

/** What a memory is made from. */
interface Body {
  readonly content: string;
  readonly session_id: string;
  readonly created_at: number;
  readonly tags: string[];
  readonly metadata: Record<string, unknown>;
}

/** The answer of POST /v1/memories/batch, as far as it matters here. */
interface BatchAnswer {
  readonly created: number;
  readonly failed: number;
  readonly results: { readonly id: string }[];
}

/** One user of one vault, what they have stored, and the requests they send. */
export class Store {
  readonly credential: string;
  private readonly texts: Texts;
  private readonly random: () => number;
  private readonly ids: string[] = [];
  private made = 0;

  /** @param seed with the same seed, stores hold the same texts and get the same queries */
  constructor(
    private readonly load: Load,
    vault: string,
    seed: number,
    length?: Length,
    user = 'u1',
  ) {
    this.credential = credentialOf(vault, user);
    this.texts = new Texts(seed, length);
    this.random = randomOf(seed);
  }

  async fill(count: number, onProgress: (stored: number) => void = () => {}): Promise<void> {
    for (let left = count; left > 0; left -= FILL) {
      const rows = Math.min(FILL, left);
      this.keep((await this.load.send(1, () => this.batch(rows))).bodies);
      onProgress(rows);
    }
  }

  /** Keeps the ids of what was stored by `add` and `batch`. */
  keep(bodies: readonly string[]): void {
    for (const body of bodies) {
      const answer = JSON.parse(body) as { id: string } | BatchAnswer;
      if ('results' in answer) {
        if (answer.failed > 0)
          throw new Error(`Of a batch, ${answer.failed} were not stored: ${body.slice(0, 1000)}`);
        for (const { id } of answer.results) this.ids.push(id);
      } else this.ids.push(answer.id);
    }
  }

  add(): Call {
    const { credential } = this;
    return { method: 'POST', path: '/v1/memories', body: this.body(), status: 201, credential };
  }

  batch(rows: number): Call {
    const { credential } = this;
    const body = Array.from({ length: rows }, () => this.body());
    return { method: 'POST', path: '/v1/memories/batch', body, credential };
  }

  /** A batch as newline-delimited JSON. */
  lines(rows: number): Call {
    const text = Array.from({ length: rows }, () => JSON.stringify(this.body())).join('\n');
    const { credential } = this;
    return { method: 'POST', path: '/v1/memories/batch', text, type: 'application/x-ndjson', credential };
  }

  get(): Call {
    const id = this.ids[Math.floor(this.random() * this.ids.length)];
    return { method: 'GET', path: `/v1/memories/${id}`, credential: this.credential };
  }

  list(): Call {
    return { method: 'GET', path: `/v1/memories?limit=${LIST}`, credential: this.credential };
  }

  /** One memory, and how many there are. */
  count(): Call {
    return { method: 'GET', path: '/v1/memories?limit=1&count=true', credential: this.credential };
  }

  search(): Call {
    const body = { query: this.texts.query(), limit: SEARCH };
    return { method: 'POST', path: '/v1/memories/search', body, credential: this.credential };
  }

  /** The route that does nothing but let in whom it may. */
  whoami(): Call {
    return { method: 'GET', path: '/v1/whoami', credential: this.credential };
  }

  private body(): Body {
    const turn = this.made++;
    const session = Math.floor(turn / TURNS);
    return {
      content: this.texts.next(),
      session_id: `session-${session}`,
      created_at: BEGIN + session * SESSION + (turn % TURNS) * MINUTE,
      tags: [`tag-${turn % 7}`],
      metadata: { source: 'bench', turn },
    };
  }
}
