import { Injectable } from '@nestjs/common';
import {
  type CallToolRequestParams,
  type CallToolResult,
  type Tool as Listed,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import { forbidden } from '../auth/refusals.js';
import { ApiError, type FieldError } from '../http/api-error.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { CollectionTools } from './collection-tools.js';
import { ContextTools } from './context-tools.js';
import { OpenMemoryReadingTools } from './openmemory-reading-tools.js';
import { OpenMemoryWritingTools } from './openmemory-writing-tools.js';
import type { Tool } from './tool.js';
import { ToolArguments } from './tool-arguments.js';
import { WaypointTools } from './waypoint-tools.js';

/** The order of OpenMemory's tools, in which its clients have always seen them. */
const FIRST = [
  'openmemory_query',
  'openmemory_store_project',
  'openmemory_store',
  'openmemory_reinforce',
  'openmemory_delete',
  'openmemory_list',
  'openmemory_get',
];

/** All that agents may have done. What a call sees and changes is decided by the scope that it runs in. */
@Injectable()
export class McpTools {
  private readonly byName: ReadonlyMap<string, Tool>;
  private readonly checks = new ToolArguments();

  constructor(
    reading: OpenMemoryReadingTools,
    writing: OpenMemoryWritingTools,
    context: ContextTools,
    collections: CollectionTools,
    waypoints: WaypointTools,
  ) {
    const own = [context, collections, waypoints].flatMap(({ tools }) => tools);
    const old = [...reading.tools, ...writing.tools].sort(
      (a, b) => FIRST.indexOf(a.name) - FIRST.indexOf(b.name),
    );
    this.byName = new Map([...old, ...own].map((tool) => [tool.name, tool]));
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  list(): Listed[] {
    return [...this.byName.values()].map(({ name, description, inputSchema, annotations }) => ({
      ...{ name, description, inputSchema },
      ...(annotations && { annotations }),
    }));
  }

  /**
   * Calls a tool in the running scope. What the caller may mend is told in the result, where a model reads it.
   *
   * @throws ProtocolError for a tool that does not exist; errors that are faults of ours as they come
   */
  async call({ name, arguments: given }: CallToolRequestParams): Promise<CallToolResult> {
    const tool = this.byName.get(name);
    if (!tool) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is no tool of this name');
    try {
      if (!TenantContext.scope().permissions.has(tool.permission)) throw forbidden(tool.permission);
      return await tool.run(this.checks.of(tool, given));
    } catch (error) {
      if (!(error instanceof ApiError) || error.getStatus() >= 500) throw error;
      return { content: [{ type: 'text', text: `Error: ${sentenceOf(error)}` }], isError: true };
    }
  }
}

/** Some messages begin with the name of the field, without what it is in. */
function wordsOf({ field, message }: FieldError): string {
  const name = field.slice(field.lastIndexOf('.') + 1);
  return message.startsWith(`${name} `) ? message : `${field} ${message}`;
}

function sentenceOf({ code, detail, errors = [] }: ApiError): string {
  const fields = errors.map(wordsOf).join('; ');
  if (fields === '') return detail;
  return code === 'VALIDATION_FAILED' ? `invalid arguments: ${fields}` : `${detail} (${fields})`;
}
