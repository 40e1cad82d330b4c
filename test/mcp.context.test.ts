import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { extent } from './harness/extent.js';
import { hostileJson } from './harness/hostile-values.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('mcp.context');
const INPUTS_A_TOOL = extent('HOSTILE_MCP_INPUTS', { sqlite: 150, postgres: 30 });

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

const HEADERS = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

const message = (name: string, args: object, id: unknown) => ({
  ...{ jsonrpc: '2.0', id, method: 'tools/call' },
  params: { name, arguments: args },
});

describe('calls of two tenants at once', () => {
  it('each run in the scope of their own request', async () => {
    const callers = [
      ['one', undefined],
      ['two', undefined],
      ['three', 'ana'],
      ['three', 'ben'],
    ] as const;
    const ROUNDS = 12;
    await Promise.all(
      callers.flatMap(([vault, user]) => {
        const client = service.as(vault, user);
        const name = `${vault}${user ?? ''}`;
        return Array.from({ length: ROUNDS }, async (_, round) => {
          const store = { content: `owl ${round} of ${name}` };
          // A batch beside single ones: all its messages are of one request.
          const messages = [
            message('openmemory_store', store, 1),
            message('openmemory_query', { query: 'owl', k: 32 }, 2),
            message('openmemory_list', { limit: 50 }, 3),
          ];
          const { status, body } = await client.post('/mcp', messages, HEADERS);
          expect(status).toBe(200);
          const said = JSON.stringify(body);
          for (const [other, one] of callers.filter(([v, u]) => `${v}${u ?? ''}` !== name)) {
            expect(said).not.toContain(`of ${other}${one ?? ''}\\`);
          }
          expect(said).toContain(`owl ${round} of ${name}`);
        });
      }),
    );
    const view = new DatabaseView(service.databasePath);
    const rows = view.all<{ vault_id: string; user_id: string; content: string }>(
      'SELECT vault_id, user_id, content FROM memories',
    );
    view.close();
    expect(rows).toHaveLength(callers.length * ROUNDS);
    for (const { vault_id, user_id, content } of rows)
      expect(content).toMatch(new RegExp(`^owl \\d+ of ${vault_id}${user_id}$`));
  });
});

describe('hostile arguments', () => {
  /** What is asked of a tool by right, for its other arguments. */
  const RIGHT: Readonly<Record<string, unknown>> = {
    ...{ query: 'owl', content: 'An owl.', id: 'target', project_id: 'p', name: 'c', collection: 'c' },
    ...{
      memory_id: 'target',
      src_id: 'target',
      dst_id: 'target-2',
      from: 'target',
      to: 'target-2',
      description: 'd',
    },
  };

  interface Listed {
    readonly name: string;
    readonly inputSchema: {
      readonly properties: Readonly<Record<string, unknown>>;
      readonly required?: string[];
    };
  }

  it(
    'are all answered, none with a 5xx, and one with a vault never obeyed',
    async () => {
      const random = new Random(seed);
      const client: Client = service.as('hostile', 'ana');
      for (const id of ['target', 'target-2']) await client.post('/v1/memories', { id, content: 'An owl.' });
      const listing = await client.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, HEADERS);
      const statuses: Record<string, number> = {};
      for (const { name, inputSchema } of listing.body.result.tools as Listed[]) {
        const names = [
          ...Object.keys(inputSchema.properties),
          'vault_id',
          '__proto__',
          'constructor',
          '',
          '\ud800',
        ];
        for (let i = 0; i < INPUTS_A_TOOL; i += 1) {
          const wrong = random.pick(names);
          const others = (inputSchema.required ?? []).filter((other) => other !== wrong);
          const parts = others.map((other) => `${JSON.stringify(other)}:${JSON.stringify(RIGHT[other])}`);
          const args = `{${[...parts, `${JSON.stringify(wrong)}:${hostileJson(random)}`].join(',')}}`;
          const whole = random.chance(0.9) ? args : hostileJson(random);
          const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${whole}}}`;
          const answer = await client.post('/mcp', text, HEADERS);
          const { result, error } = (answer.body ?? {}) as {
            result?: { isError?: boolean };
            error?: { code: number };
          };
          const kind = `${answer.status} ${error?.code ?? (result?.isError ? 'tool error' : 'done')}`;
          statuses[kind] = (statuses[kind] ?? 0) + 1;
          expect([text.slice(0, 300), answer.status < 500, error?.code]).not.toContain(-32603);
          expect([text.slice(0, 300), answer.status]).toEqual([
            text.slice(0, 300),
            expect.toBeOneOf([200, 400, 413]),
          ]);
          // An argument that no tool has changes nothing.
          if (wrong === 'vault_id' && whole === args)
            expect([text.slice(0, 300), kind]).not.toContain('200 done');
        }
      }
      console.log(statuses);
      const view = new DatabaseView(service.databasePath);
      const vaults = view.all<{ vault_id: string }>(
        'SELECT DISTINCT vault_id FROM memories ORDER BY vault_id',
      );
      view.close();
      expect(vaults.map(({ vault_id }) => vault_id)).not.toContain('other');
    },
    20 * 60_000,
  );
});
