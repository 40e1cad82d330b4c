import { Client as Client2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as Stdio1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { builtFile } from './built.js';

/** What a tool gave, as its client has it. */
export interface ToolAnswer {
  readonly content: readonly { readonly type: string; readonly text: string }[];
  readonly isError?: boolean;
}

export interface ListedTool {
  readonly name: string;
  readonly inputSchema: { readonly properties?: Readonly<Record<string, unknown>> };
}

/** A connected client of MCP, of whatever make. */
export interface McpClient {
  getServerVersion(): { name: string; version: string } | undefined;
  getServerCapabilities(): object | undefined;
  listTools(): Promise<{ tools: readonly ListedTool[] }>;
  callTool(params: { name: string; arguments?: Record<string, unknown> }): Promise<unknown>;
  listResources(): Promise<{ resources: readonly { uri: string }[] }>;
  readResource(params: { uri: string }): Promise<{ contents: readonly object[] }>;
  close(): Promise<void>;
}

/** Where a server is, over HTTP or as a process of its own. */
export type Server =
  | { readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly args: readonly string[]; readonly env: Record<string, string> };

const INFO = { name: 'cairn-tests', version: '1' };

const commandOf = ({ args, env }: Extract<Server, { args: unknown }>) => ({
  command: process.execPath,
  args: [builtFile('src/cli/mcp'), ...args],
  env,
  stderr: 'ignore' as const,
});

const placeOf = ({ url, headers }: Extract<Server, { url: unknown }>) =>
  [new URL(`${url}/mcp`), { requestInit: { headers } }] as const;

async function first(server: Server): Promise<McpClient> {
  const client = new Client1(INFO);
  await client.connect('url' in server ? new Http1(...placeOf(server)) : new Stdio1(commandOf(server)));
  return client as unknown as McpClient;
}

const second =
  (mode: 'legacy' | 'auto') =>
  async (server: Server): Promise<McpClient> => {
    const client = new Client2(INFO, { versionNegotiation: { mode } });
    await client.connect('url' in server ? new Http2(...placeOf(server)) : new Stdio2(commandOf(server)));
    return client as unknown as McpClient;
  };

/** The official clients, of the first package and of the second in both of its manners. */
export const CLIENTS: readonly (readonly [name: string, connect: (server: Server) => Promise<McpClient>])[] =
  [
    ['the client of @modelcontextprotocol/sdk', first],
    ['the client of @modelcontextprotocol/client', second('legacy')],
    ['the same speaking the revision of 2026', second('auto')],
  ];

/** Calls a tool; what its second text, or its only one, says in JSON is in `json`. */
export async function call(client: McpClient, name: string, args: Record<string, unknown> = {}) {
  const { content, isError = false } = (await client.callTool({ name, arguments: args })) as ToolAnswer;
  return { isError, text: content[0].text, parts: content.length, json: jsonOf(content.at(-1)!.text) };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into whatever came back
function jsonOf(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
