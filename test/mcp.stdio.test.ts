import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService, temporaryFolder } from './harness/app.js';
import { builtFile, runBuilt } from './harness/built.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { CLIENTS, call } from './harness/mcp-clients.js';
import { emptyDatabase, environmentOf } from './harness/migrated-database.js';
import { tamper } from './harness/stored-memories.js';

let service: TestService;
const started: ChildProcess[] = [];

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await service.stop();
});

/** A process whose input and output are ours. */
class Wire {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  output = '';
  errors = '';
  private wake: () => void = () => {};

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [builtFile('src/cli/mcp'), ...args], {
      env: { PATH: process.env.PATH, ...environmentOf(service.databasePath), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    started.push(this.child);
    this.child.stdout!.on('data', (chunk) => {
      this.output += chunk;
      this.wake();
    });
    this.child.stderr!.on('data', (chunk) => (this.errors += chunk));
    this.ended = once(this.child, 'close');
  }

  send(...messages: readonly (object | string)[]): void {
    const lines = messages.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    this.child.stdin!.write(lines.map((line) => `${line}\n`).join(''));
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into whatever came back
  lines(): any[] {
    const lines = this.output.split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line));
  }

  /** When so many lines have come. */
  async until(count: number) {
    while (this.output.split('\n').length - 1 < count) {
      const more = new Promise<void>((resolve) => (this.wake = resolve));
      await Promise.race([
        more,
        this.ended.then(() => Promise.reject(new Error(`It has ended: ${this.errors}`))),
      ]);
    }
    return this.lines();
  }
}

const initialize = {
  ...{ jsonrpc: '2.0', id: 0, method: 'initialize' },
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
};
const tool = (id: number, name: string, args: object = {}) => ({
  ...{ jsonrpc: '2.0', id, method: 'tools/call' },
  params: { name, arguments: args },
});

describe('the process', () => {
  it('writes nothing but the protocol on standard output, and its log elsewhere', async () => {
    const wire = new Wire(['--vault', 'quiet'], { LOG_LEVEL: 'debug' });
    wire.send(initialize, tool(1, 'openmemory_store', { content: 'An owl.' }), tool(2, 'openmemory_list'));
    const answers = await wire.until(3);
    expect(answers.map(({ jsonrpc, id }) => [jsonrpc, id]).sort()).toEqual([
      ['2.0', 0],
      ['2.0', 1],
      ['2.0', 2],
    ]);
    wire.child.stdin!.end();
    expect(await wire.ended).toEqual([0, null]);
    expect(wire.lines()).toHaveLength(3);
    expect(
      wire.errors
        .split('\n')
        .filter(Boolean)
        .every((line) => line.startsWith('{')),
    ).toBe(true);
    expect(wire.errors).not.toContain('owl');
  });

  it('answers what was asked before its input ended', async () => {
    const wire = new Wire(['--vault', 'ending']);
    const stores = Array.from({ length: 20 }, (_, i) =>
      tool(i + 1, 'openmemory_store', { content: `owl ${i}` }),
    );
    wire.send(initialize, ...stores);
    wire.child.stdin!.end();
    expect(await wire.ended).toEqual([0, null]);
    expect(
      wire
        .lines()
        .map(({ id }) => id as number)
        .sort((a, b) => a - b),
    ).toEqual([0, ...stores.map(({ id }) => id)]);
    const { body } = await service.as('ending').get('/v1/memories?limit=100');
    expect(body.items).toHaveLength(20);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s', async (signal) => {
    const wire = new Wire(['--vault', 'signals']);
    wire.send(initialize);
    await wire.until(1);
    wire.child.kill(signal);
    expect(await wire.ended).toEqual([0, null]);
  });

  it('reads lines as bodies are read', async () => {
    const wire = new Wire(['--vault', 'lines']);
    const exact =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"openmemory_store","arguments":';
    wire.send(
      initialize,
      '{"jsonrpc":',
      '5',
      `${exact}{"content":"x","metadata":{"n":12345678901234567890}}}}`,
      `${exact}{"content":"x","metadata":{"__proto__":{"a":1}}}}}`,
      '{"jsonrpc":"2.0","id":2,"method":"no/such"}',
      { jsonrpc: '2.0', method: 'notifications/unheard-of' },
      tool(3, 'openmemory_list'),
    );
    const answers = await wire.until(7);
    const errors = answers.flatMap(({ error }) => (error ? [error.code as number] : []));
    expect(errors.sort()).toEqual([-32700, -32600, -32600, -32600, -32601].sort());
    expect(answers.find(({ id }) => id === 3).result.content[0].text).toBe('No memories stored yet.');
    wire.child.stdin!.end();
    await wire.ended;
  });

  it('ends when a line has no end', async () => {
    const wire = new Wire(['--vault', 'long'], { BODY_LIMIT: '1024' });
    wire.send(initialize);
    await wire.until(1);
    wire.child.stdin!.write('x'.repeat(5_000));
    expect(await wire.ended).toEqual([0, null]);
    expect(wire.lines().at(-1)).toMatchObject({ error: { code: -32600 }, id: null });
  });
});

describe('whose it is', () => {
  const connect = CLIENTS[0][1];

  it('is the vault and the user of the command line, or of the environment', async () => {
    const env = environmentOf(service.databasePath) as Record<string, string>;
    const named = await connect({ args: ['--vault', 'who', '--user', 'ana'], env });
    const other = await connect({ args: [], env: { ...env, CAIRN_MCP_VAULT: 'who', CAIRN_MCP_USER: 'ben' } });
    try {
      expect((await call(named, 'openmemory_store', { content: 'An owl.' })).json.user_id).toBe('ana');
      expect((await call(other, 'openmemory_store', { content: 'A bat.' })).json.user_id).toBe('ben');
      expect((await call(other, 'openmemory_list')).json.items).toMatchObject([
        { content_preview: 'A bat.' },
      ]);
      expect((await call(other, 'openmemory_list', { user_id: 'ana' })).isError).toBe(true);
    } finally {
      await Promise.all([named.close(), other.close()]);
    }
  });

  it('needs no credentials, wherever the service does', async () => {
    const env = environmentOf(service.databasePath) as Record<string, string>;
    const client = await connect({
      args: ['--vault', 'bare'],
      env: { ...env, NODE_ENV: 'production', HOST: '0.0.0.0' },
    });
    expect((await call(client, 'openmemory_list')).isError).toBe(false);
    await client.close();
  });

  it('is nobody’s when the vault is suspended', async () => {
    const env = environmentOf(service.databasePath) as Record<string, string>;
    await service.as('suspended').post('/v1/memories', { content: 'An owl.' });
    await tamper(
      service.databasePath,
      "UPDATE vaults SET status = 'suspended' WHERE vault_id = ?",
      'suspended',
    );
    const client = await connect({ args: ['--vault', 'suspended'], env });
    await expect(call(client, 'openmemory_list')).rejects.toThrow(/suspended/);
    await client.close();
  });
});

describe('beside a service that writes', () => {
  it('loses nothing, and each sees what the other stores', async () => {
    const env = environmentOf(service.databasePath) as Record<string, string>;
    const EACH = 40;
    const http = service.as('beside');
    const clients = await Promise.all(
      CLIENTS.slice(0, 2).map(([, open]) => open({ args: ['--vault', 'beside'], env })),
    );
    await Promise.all([
      ...clients.map(async (client, n) => {
        for (let i = 0; i < EACH; i += 1) {
          const { isError } = await call(client, 'openmemory_store', { content: `owl ${i} of process ${n}` });
          expect(isError).toBe(false);
        }
      }),
      (async () => {
        for (let i = 0; i < EACH; i += 1) {
          expect((await http.post('/v1/memories', { content: `owl ${i} of the service` })).status).toBe(201);
        }
      })(),
    ]);
    expect((await http.get('/v1/memories?count=true&limit=1')).body.count).toBe(3 * EACH);
    const found = await http.post('/v1/memories/search', { query: 'process', limit: 100 });
    const contents = (found.body.results as { content: string }[]).map(({ content }) => content);
    for (const n of [0, 1])
      expect(contents.filter((one) => one.endsWith(`of process ${n}`)).length).toBeGreaterThan(10);
    const { json } = await call(clients[0], 'openmemory_query', { query: 'service', k: 32 });
    expect(json.contextual).toHaveLength(32);
    await Promise.all(clients.map((client) => client.close()));
    expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  });
});

describe('the command', () => {
  it('explains itself', async () => {
    const { status, stdout } = await runBuilt('src/cli/mcp', ['--help']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('npm run --silent mcp')]);
  });

  it.each([
    [[], /^--vault must be/],
    [['--vault', 'a b'], /^--vault must be/],
    [['--vault', 'acme', '--user', ''], /^--user must be/],
    [['--vault', 'acme', 'more'], /^Unexpected argument/],
    [['--vault', 'acme', '--nothing'], /^Unknown option/],
  ])('refuses %j', async (args, why) => {
    const { status, stdout, stderr } = await runBuilt(
      'src/cli/mcp',
      args,
      environmentOf(service.databasePath),
    );
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(why)]);
  });

  it('makes no database, and leaves an old one as it is', async () => {
    const env = environmentOf(emptyDatabase());
    const { status, stdout, stderr } = await runBuilt('src/cli/mcp', ['--vault', 'acme'], env);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining('npm run migration:run')]);
    const file = join(temporaryFolder(), 'not-there.sqlite');
    await runBuilt('src/cli/mcp', ['--vault', 'acme'], { DATABASE_URL: `sqlite:${file}` });
    expect(existsSync(file)).toBe(false);
  });
});
