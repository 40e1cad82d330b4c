import { Load } from './load.js';
import { MeasuredServer } from './measured-server.js';
import { type Costs, type Operation, measureInTurn } from './rounds.js';
import { Texts, randomOf } from './texts.js';

const ROUNDS = 9;
/** Enough that each round has its share of SQLite's checkpoints, few enough that 1,000 memories stay about that. */
const ADDS = 100;
const GETS = 500;
const SEARCHES = 40;
const SEED = 20_220;

type Size = 1_000 | 10_000;
export type MemoryOperation = `${'add' | 'get' | 'search'} at ${Size}`;

/** The cost of adding, reading and searching where one user has a thousand and ten thousand memories. */
export async function measureMemories(rounds = ROUNDS): Promise<Costs<MemoryOperation>> {
  const server = await MeasuredServer.start('test/bench/server.js');
  const small = new Owner(server, 'small', 1_000);
  const large = new Owner(server, 'large', 10_000);
  try {
    await small.fill();
    await large.fill();
    const addsAndGets = await measureInTurn(server, rounds, {
      'add at 1000': small.adds(),
      'add at 10000': large.adds(),
      'get at 1000': small.gets(),
      'get at 10000': large.gets(),
    });
    // By themselves: they leave much for the garbage collector, which whatever came next would pay for.
    const searches = await measureInTurn(server, rounds, {
      'search at 1000': small.searches(),
      'search at 10000': large.searches(),
    });
    return { ...addsAndGets, ...searches };
  } finally {
    small.close();
    large.close();
    await server.stop();
  }
}

/** One user of one vault, and what they have stored. */
class Owner {
  private readonly load: Load;
  private readonly texts = new Texts(SEED);
  private readonly random = randomOf(SEED);
  private readonly ids: string[] = [];

  constructor(
    server: MeasuredServer,
    vault: string,
    private readonly size: number,
  ) {
    this.load = new Load(server.baseUrl, vault);
  }

  async fill(): Promise<void> {
    await this.add(this.size);
  }

  adds(): Operation {
    return { count: ADDS, run: (count) => this.add(count) };
  }

  gets(): Operation {
    const pick = () => this.ids[Math.floor(this.random() * this.ids.length)];
    return {
      count: GETS,
      run: (count) => this.load.send(count, () => ({ method: 'GET', path: `/v1/memories/${pick()}` })),
    };
  }

  searches(): Operation {
    return {
      count: SEARCHES,
      run: (count) =>
        this.load.send(count, () => ({
          method: 'POST',
          path: '/v1/memories/search',
          body: { query: this.texts.query(), limit: 10 },
        })),
    };
  }

  close(): void {
    this.load.close();
  }

  private async add(count: number): Promise<void> {
    const answers = await this.load.send(count, (n) => ({
      method: 'POST',
      path: '/v1/memories',
      body: {
        content: this.texts.next(),
        session_id: `session-${n % 20}`,
        tags: ['bench', `tag-${n % 7}`],
        metadata: { source: 'bench', turn: n },
      },
      status: 201,
    }));
    for (const answer of answers) this.ids.push((JSON.parse(answer) as { id: string }).id);
  }
}
