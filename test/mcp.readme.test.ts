import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService } from './harness/app.js';
import { CLIENTS } from './harness/mcp-clients.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { environmentOf } from './harness/migrated-database.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start({ API_KEYS: 'on' });
});

afterAll(() => service.stop());

interface Entry {
  readonly type?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const readme = readFileSync('README.md', 'utf8');
const section = /^## Agents: the Model Context Protocol$[\s\S]*?(?=^## )/m.exec(readme)![0];
const configs = [...section.matchAll(/```json\n([\s\S]*?)```/g)].map(
  ([, text]) => JSON.parse(text) as { mcpServers?: Record<string, Entry>; servers?: Record<string, Entry> },
);
const entries = configs.map(({ mcpServers, servers }) => (mcpServers ?? servers)!.cairn);
const names = ['Claude Code', 'Cursor', 'VS Code', 'stdio'];

async function newKey(): Promise<string> {
  const admin = service.as('acme', undefined, ['read', 'write', 'delete', 'admin', 'vault']);
  const { status, body } = await admin.post('/v1/vault/api-keys', { name: 'the agent', user_id: 'ana' });
  expect(status).toBe(201);
  return (body as { key: string }).key;
}

describe('what the README has clients say', () => {
  it('is there for each of them', () => {
    expect(entries).toHaveLength(names.length);
    expect(entries.map(({ type }) => type)).toEqual(['http', undefined, 'http', 'stdio']);
  });

  it.each([0, 1, 2])('connects over HTTP (%i)', async (which) => {
    const { url, headers } = entries[which];
    const key = await newKey();
    // What the client puts in the place of a variable.
    const filled = Object.entries(headers!).map(([name, value]) => [
      name,
      value.replace(/\$\{[\w:-]+\}/, key),
    ]);
    expect(filled.flat().join()).toContain(key);
    for (const [, connect] of CLIENTS) {
      const place = { url: url!.replace('http://127.0.0.1:8080/mcp', service.baseUrl) };
      const client = await connect({
        ...place,
        headers: Object.fromEntries(filled) as Record<string, string>,
      });
      expect((await client.listTools()).tools.length).toBeGreaterThan(7);
      await client.close();
    }
  });

  it('starts the process of stdio', async () => {
    const { command, args, env } = entries[3];
    expect([command, Object.keys(env!)]).toEqual(['node', ['DATABASE_URL']]);
    const [program, ...rest] = args!;
    const client = new Client({ name: 't', version: '1' });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [program.replace('/home/ana/cairn/', ''), ...rest],
      env: environmentOf(service.databasePath) as Record<string, string>,
      stderr: 'ignore',
    });
    await client.connect(transport);
    expect((await client.listTools()).tools.length).toBeGreaterThan(7);
    await client.close();
  });

  it('names the tools that there are, with their permissions', async () => {
    const client = await CLIENTS[0][1]({
      url: service.baseUrl,
      headers: { 'x-api-key': await newKey() },
    });
    const { tools } = await client.listTools();
    const table = section.slice(0, section.indexOf('\n\n- '));
    const named = [...table.matchAll(/`((?:openmemory|cairn)_\w+)`/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(tools.map(({ name }) => name).sort());
    await client.close();
  });
});
