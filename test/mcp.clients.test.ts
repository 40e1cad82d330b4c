import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService } from './harness/app.js';
import { recordFigure } from './harness/figures.js';
import { CLIENTS, type McpClient, type Server, call } from './harness/mcp-clients.js';
import { environmentOf } from './harness/migrated-database.js';
import { authorized } from './harness/tokens.js';

let service: TestService;
let passed = 0;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(async () => {
  await service.stop();
  recordFigure('mcp.client-checks', passed);
});

const USER = ['read', 'write', 'delete'];

/** Over HTTP with a token, or a process beside the service on the same database. */
type Entrance = (vault: string, user?: string) => Server;
const ENTRANCES: readonly [string, Entrance][] = [
  [
    'over HTTP',
    (vault, user) => {
      const permissions = user === undefined ? [...USER, 'vault'] : USER;
      return { url: service.baseUrl, headers: authorized({ vault, user, permissions }) };
    },
  ],
  [
    'over stdio, beside the service',
    (vault, user) => ({
      args: ['--vault', vault, ...(user === undefined ? [] : ['--user', user])],
      env: environmentOf(service.databasePath) as Record<string, string>,
    }),
  ],
];

/** A check that counts, so that none is left out unseen. */
const check = (name: string, work: () => Promise<void>) =>
  it(name, async () => {
    await work();
    passed += 1;
  });

const TOOLS = [
  'openmemory_query',
  'openmemory_store_project',
  'openmemory_store',
  'openmemory_reinforce',
  'openmemory_delete',
  'openmemory_list',
  'openmemory_get',
  'cairn_context',
  'cairn_list_collections',
  'cairn_create_collection',
  'cairn_describe_collection',
  'cairn_delete_collection',
  'cairn_search_collection',
  'cairn_create_waypoint',
  'cairn_list_waypoints',
  'cairn_waypoint_neighbours',
  'cairn_waypoint_path',
  'cairn_delete_waypoint',
];

describe.each(ENTRANCES)('%s', (entrance, serverOf) => {
  describe.each(CLIENTS)('%s', (make, connect) => {
    const vault = `clients-${entrance.length}-${make.length}`;
    let client: McpClient;
    let other: McpClient;
    let ana: McpClient;
    let ben: McpClient;
    const called = new Set<string>();
    const use = (name: string, args: Record<string, unknown> = {}, by = client) => {
      called.add(name);
      return call(by, name, args);
    };

    beforeAll(async () => {
      client = await connect(serverOf(vault));
      other = await connect(serverOf(`${vault}-other`));
      ana = await connect(serverOf(`${vault}-users`, 'ana'));
      ben = await connect(serverOf(`${vault}-users`, 'ben'));
    });

    afterAll(() => Promise.all([client, other, ana, ben].map((one) => one.close())));

    check('is told whom it talks to, and what there is', async () => {
      expect(client.getServerVersion()?.name).toBe('cairn');
      expect(client.getServerCapabilities()).toMatchObject({ tools: {}, resources: {} });
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(TOOLS);
      const { resources } = await client.listResources();
      expect(resources.map(({ uri }) => uri)).toEqual(['openmemory://config']);
    });

    check('finds no tool that takes a vault', async () => {
      const { tools } = await client.listTools();
      for (const { inputSchema } of tools) expect(JSON.stringify(inputSchema)).not.toMatch(/vault_?id/i);
      for (const { name } of tools) {
        const { isError, text } = await call(client, name, { vault_id: `${vault}-other` });
        expect([name, isError, text]).toEqual([
          name,
          true,
          expect.stringMatching(/^Error: invalid arguments: /),
        ]);
      }
    });

    let first: string;
    let second: string;

    check('stores, for all projects and for one', async () => {
      const stored = await use('openmemory_store', { content: 'Ana prefers window seats', tags: ['travel'] });
      expect(stored).toMatchObject({
        isError: false,
        text: 'Stored global memory [scope=system_global]',
        parts: 2,
      });
      expect(stored.json).toMatchObject({ type: 'contextual', project_id: 'system_global', user_id: null });
      first = stored.json.hsg.id;
      const project = { content: 'Project alpha uses Postgres 16', project_id: 'alpha', user_id: 'carol' };
      const other = await use('openmemory_store_project', project);
      expect(other.json).toMatchObject({ project_id: 'alpha', user_id: 'carol' });
      expect(other.text).toBe('Stored project memory [project=alpha]');
      second = (await use('openmemory_store', { content: 'Night trains have window seats' })).json.hsg.id;
    });

    check('finds, lists and gets', async () => {
      const found = await use('openmemory_query', { query: 'window seats', k: 1 });
      expect(found.json).toMatchObject({ type: 'contextual', query: 'window seats' });
      expect(found.json.contextual).toHaveLength(1);
      expect(found.json.contextual[0]).toMatchObject({ source: 'hsg', primary_sector: expect.any(String) });
      expect(found.text).toMatch(/^1\. \[\w+\] score=0\.\d{3} salience=0\.\d{3} id=/);
      const list = await use('openmemory_list', { project_id: 'alpha' });
      expect(list.json.items).toMatchObject([{ project_id: 'alpha', user_id: 'carol' }]);
      const whole = await use('openmemory_get', { id: first, include_vectors: true });
      expect(whole).toMatchObject({
        parts: 1,
        json: { id: first, tags: ['travel'], sectors: ['semantic'] },
      });
    });

    check('reinforces', async () => {
      const before = (await use('openmemory_get', { id: first })).json.salience;
      const { text, parts } = await use('openmemory_reinforce', { id: first, boost: 0.5 });
      expect([text, parts]).toEqual([`Reinforced memory ${first} by 0.5`, 1]);
      expect((await use('openmemory_get', { id: first })).json.salience).toBeGreaterThan(before);
    });

    check('writes down a context', async () => {
      const { text, json } = await use('cairn_context', { query: 'window seats', max_tokens: 200 });
      expect(text).toContain('Ana prefers window seats');
      expect(json.tokens).toBeLessThanOrEqual(200);
      expect(json.memories.map(({ id }: { id: string }) => id).sort()).toEqual([first, second].sort());
    });

    check('keeps collections', async () => {
      const made = await use('cairn_create_collection', { name: 'travel', description: 'Journeys' });
      expect(made.json).toEqual({ name: 'travel', description: 'Journeys', metadata: {}, count: 0 });
      const again = await use('cairn_describe_collection', { name: 'travel', metadata: { a: 1 } });
      expect(again.json).toMatchObject({ description: 'Journeys', metadata: { a: 1 } });
      const { json } = await use('cairn_list_collections');
      const counts = json.items.map(({ name, count }: { name: string; count: number }) => [name, count]);
      expect(counts).toEqual([
        ['alpha', 1],
        ['system_global', 2],
        ['travel', 0],
      ]);
      const found = await use('cairn_search_collection', { collection: 'alpha', query: 'Postgres window' });
      expect(found.json.matches).toMatchObject([{ content: 'Project alpha uses Postgres 16' }]);
      expect((await use('cairn_delete_collection', { name: 'alpha' })).text).toMatch(/^Error: .*holds 1/);
      expect((await use('cairn_delete_collection', { name: 'travel' })).isError).toBe(false);
    });

    check('joins memories by waypoints', async () => {
      const key = { src_id: first, dst_id: second, type: 'contradicts' };
      const made = await use('cairn_create_waypoint', { ...key, weight: 0.5 });
      expect(made.json).toMatchObject({ ...key, weight: 0.5 });
      const list = await use('cairn_list_waypoints', { memory_id: first, type: 'contradicts' });
      expect(list.json.items).toMatchObject([key]);
      const around = await use('cairn_waypoint_neighbours', { memory_id: first, type: 'contradicts' });
      expect(around.json.items).toMatchObject([{ memory: { id: second }, distance: 1, weight: 0.5 }]);
      const path = await use('cairn_waypoint_path', { from: first, to: second, type: 'contradicts' });
      expect(path.json.path.map(({ id }: { id: string }) => id)).toEqual([first, second]);
      expect((await use('cairn_delete_waypoint', key)).isError).toBe(false);
      expect((await use('cairn_delete_waypoint', key)).text).toBe('Error: There is no such waypoint.');
    });

    check('reads the resource, counted for itself alone', async () => {
      const [{ text }] = (await client.readResource({ uri: 'openmemory://config' })).contents as {
        text: string;
      }[];
      const { stats, available_tools } = JSON.parse(text) as {
        stats: { count: number }[];
        available_tools: string[];
      };
      expect(stats.reduce((sum, { count }) => sum + count, 0)).toBe(3);
      expect(available_tools).toEqual(TOOLS);
      await expect(client.readResource({ uri: 'openmemory://other' })).rejects.toThrow();
    });

    check('is told what is wrong with its arguments', async () => {
      for (const [name, args, why] of [
        ['openmemory_query', {}, 'query is required'],
        ['openmemory_query', { query: 5 }, 'query must be string'],
        ['openmemory_query', { query: 'x', k: 33 }, 'k must be <= 32'],
        [
          'openmemory_query',
          { query: 'x', type: 'both' },
          'type must be one of contextual, factual, unified',
        ],
        [
          'openmemory_query',
          { query: 'x'.repeat(9_000) },
          'query must be shorter than or equal to 8192 characters',
        ],
        ['openmemory_store', { content: 'x', tags: [1] }, 'tags.0 must be string'],
        [
          'openmemory_store',
          { content: 'a\u0000b' },
          'content must be well-formed Unicode text without U+0000',
        ],
        ['openmemory_list', { sector: 'none' }, 'sector must be one of episodic'],
        ['cairn_waypoint_path', { from: 'a' }, 'to is required'],
      ] as const) {
        const { isError, text } = await use(name, args);
        expect([isError, text]).toEqual([true, expect.stringContaining(`Error: invalid arguments: ${why}`)]);
      }
      await expect(client.callTool({ name: 'no_such_tool', arguments: {} })).rejects.toThrow(
        /no tool of this name/,
      );
    });

    check('with another token is in another vault', async () => {
      expect((await use('openmemory_list', {}, other)).text).toBe('No memories stored yet.');
      expect((await use('openmemory_query', { query: 'window seats' }, other)).json.contextual).toEqual([]);
      for (const name of ['openmemory_get', 'openmemory_delete']) {
        expect(await use(name, { id: first }, other)).toEqual({
          ...(await use(name, { id: 'nobody’s' }, other)),
          text: `Memory ${first} not found.`,
        });
      }
      const missed = 'Error: There is no memory with this id.';
      expect((await use('openmemory_reinforce', { id: first }, other)).text).toBe(missed);
      expect((await use('openmemory_reinforce', { id: 'nobody’s' }, other)).text).toBe(missed);
      expect((await use('openmemory_get', { id: first })).json.id).toBe(first);
    });

    check('with another user’s token sees that user’s alone', async () => {
      const { json } = await use('openmemory_store', { content: 'The owl sleeps by day' }, ana);
      expect(json.user_id).toBe('ana');
      const { id } = json.hsg as { id: string };
      expect((await use('openmemory_list', {}, ben)).json.items).toEqual([]);
      expect((await use('openmemory_get', { id }, ben)).text).toBe(`Memory ${id} not found.`);
      expect((await use('openmemory_delete', { id }, ben)).text).toBe(`Memory ${id} not found.`);
      expect((await use('openmemory_list', { user_id: 'ben' }, ben)).isError).toBe(false);
      for (const [name, args] of [
        ['openmemory_list', {}],
        ['openmemory_query', { query: 'owl' }],
        ['openmemory_get', { id }],
        ['openmemory_delete', { id }],
        ['openmemory_store', { content: 'forged' }],
        ['cairn_context', { query: 'owl' }],
        ['cairn_list_waypoints', {}],
        ['cairn_search_collection', { collection: 'system_global', query: 'owl' }],
      ] as const) {
        const { isError, text } = await use(name, { ...args, user_id: 'ana' }, ben);
        expect([name, isError, text]).toEqual([
          name,
          true,
          expect.stringMatching(/^Error: tenant_mismatch: /),
        ]);
      }
      expect((await use('cairn_create_collection', { name: 'x' }, ana)).isError).toBe(true);
      expect((await use('openmemory_list', {}, ana)).json.items).toHaveLength(1);
    });

    check('deletes, once', async () => {
      const { text } = await use('openmemory_delete', { id: first });
      expect(text).toBe(`Memory ${first} successfully deleted.`);
      expect((await use('openmemory_delete', { id: first })).text).toBe(`Memory ${first} not found.`);
      expect((await use('openmemory_get', { id: first })).text).toBe(`Memory ${first} not found.`);
    });

    check('has called every tool', async () => {
      expect([...called].sort()).toEqual([...TOOLS].sort());
    });
  });
});
