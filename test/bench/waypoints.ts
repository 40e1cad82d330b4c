import { type Call, Load, credentialOf } from './load.js';
import { MeasuredServer } from './measured-server.js';
import { type Costs, type Operation, measureInTurn } from './rounds.js';
import { Texts, randomOf } from './texts.js';

const MEMORIES = 10_000;
/** Made at random, beside the two that the service makes of each memory. */
const WAYPOINTS = 10_000;
const ROUNDS = 9;
const REQUESTS = 60;
const BATCH = 2_500;
/** Turns of a session, which have as many words in common that each is similar to one before it. */
const TURNS = 22;

export type WaypointOperation = 'neighbours' | 'shortest path' | 'strongest path';

/**
 * What walks cost in a vault of 10,000 memories of one user, of which each has two waypoints that the service made
 * and one to a memory anywhere: the memories two steps around one, and paths between two, all taken at random and
 * walked in both directions.
 *
 * @throws Error when the graph is not what it is meant to be
 */
export async function measureWaypoints(
  seed: number,
  rounds = ROUNDS,
): Promise<Record<WaypointOperation, Costs>> {
  const server = await MeasuredServer.start('src/main.js');
  const load = new Load(server.baseUrl);
  try {
    const graph = new Graph(load, seed);
    await graph.fill();
    const of = (callOf: () => Call, isFound: (body: string) => boolean): Operation => ({
      server,
      count: REQUESTS,
      run: async (times) => {
        const sent = await load.send(times, callOf);
        const found = sent.bodies.filter(isFound).length;
        if (found < 0.9 * times) throw new Error(`Of ${times} walks, ${found} came to something`);
        return sent;
      },
    });
    const isPath = (body: string) => !body.startsWith('{"path":null');
    return await measureInTurn(rounds, {
      neighbours: of(
        () => graph.neighbours(),
        (body) => body.includes('"distance":2'),
      ),
      'shortest path': of(() => graph.path('shortest'), isPath),
      'strongest path': of(() => graph.path('strongest'), isPath),
    });
  } finally {
    load.close();
    await server.stop();
  }
}

/** The memories of one user and what joins them. */
class Graph {
  private readonly credential = credentialOf('waypoints', 'u1');
  private readonly random: () => number;
  private readonly texts: Texts;

  constructor(
    private readonly load: Load,
    seed: number,
  ) {
    this.random = randomOf(seed);
    this.texts = new Texts(seed, { least: 6, most: 10 });
  }

  async fill(): Promise<void> {
    let topic = '';
    for (let at = 0; at < MEMORIES; at += BATCH) {
      const body = Array.from({ length: BATCH }, (_, i) => {
        if ((at + i) % TURNS === 0) topic = this.texts.next();
        const session_id = `session-${Math.floor((at + i) / TURNS)}`;
        return { id: `m${at + i}`, content: `${topic} ${this.texts.next()}`, session_id };
      });
      await this.load.send(1, () => this.call('POST', '/v1/memories/batch', body));
    }
    await this.load.send(WAYPOINTS, () => ({
      ...this.call('POST', '/v1/waypoints', {
        ...{ src_id: this.any(), dst_id: this.any(), type: 'random', weight: this.random() },
      }),
      // Rarely one to itself, which is refused, or one that was there.
      status: 'any',
    }));
    const { bodies } = await this.load.send(1, () => this.call('GET', '/v1/waypoints?limit=1&count=true'));
    const { count } = JSON.parse(bodies[0]) as { count: number };
    if (count < 2.5 * MEMORIES) throw new Error(`There are ${count} waypoints only`);
  }

  neighbours(): Call {
    return this.call('GET', `/v1/waypoints/neighbours?memory_id=${this.any()}&depth=2`);
  }

  path(mode: 'shortest' | 'strongest'): Call {
    return this.call('GET', `/v1/waypoints/path?from=${this.any()}&to=${this.any()}&mode=${mode}`);
  }

  private any(): string {
    return `m${Math.floor(this.random() * MEMORIES)}`;
  }

  private call(method: Call['method'], path: string, body?: unknown): Call {
    return { method, path, body, credential: this.credential };
  }
}
