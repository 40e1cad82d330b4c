import { Injectable } from '@nestjs/common';
import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
} from '@modelcontextprotocol/server';
import { TenantContext } from '../tenancy/tenant-context.js';
import { version } from '../version.js';
import { CONFIG_RESOURCE, ConfigResource } from './config-resource.js';
import { McpTools } from './mcp-tools.js';

/** What OpenMemory's server says it can do. Its list of resources never changes, so nobody is ever told that it did. */
const CAPABILITIES = { tools: {}, resources: { listChanged: true }, logging: {} };
/** From the revision of 2026 on clients wait for such news on a connection of their own, which is not served. */
const MODERN_CAPABILITIES = { tools: {}, resources: {} };

/** Runs what a message asks for where it belongs: in a scope, and with its faults noted. */
export type Run = <T>(work: () => Promise<T>) => Promise<T>;

/** Makes servers of MCP over the tools and resources. A server lives as long as its connection, or its request. */
@Injectable()
export class McpServers {
  constructor(
    private readonly tools: McpTools,
    private readonly config: ConfigResource,
  ) {}

  /**
   * @param era how the client speaks: in the manner before 2026, or since
   * @param run every call of a tool and reading of a resource goes through it
   */
  create(era: 'legacy' | 'modern', run: Run): Server {
    const capabilities = era === 'legacy' ? CAPABILITIES : MODERN_CAPABILITIES;
    const server = new Server({ name: 'cairn', version }, { capabilities });
    server.setRequestHandler('tools/list', () => ({ tools: this.tools.list() }));
    server.setRequestHandler('tools/call', ({ params }): Promise<CallToolResult> =>
      run(() => this.tools.call(params)),
    );
    server.setRequestHandler('resources/list', () => ({ resources: [CONFIG_RESOURCE] }));
    server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [] }));
    server.setRequestHandler('resources/read', ({ params: { uri } }) => {
      if (uri !== CONFIG_RESOURCE.uri) throw new ResourceNotFoundError(uri);
      return run(() => this.readConfig());
    });
    return server;
  }

  private async readConfig() {
    if (!TenantContext.scope().permissions.has('read')) {
      throw new ProtocolError(ProtocolErrorCode.InvalidRequest, 'This resource needs the permission "read".');
    }
    return this.config.read(this.tools.names);
  }
}
