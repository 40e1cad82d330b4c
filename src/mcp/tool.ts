import type { CallToolResult, Tool as Listed } from '@modelcontextprotocol/server';
import type { Permission } from '../auth/permissions.js';

/** Something that an agent may have done, as MCP lists and calls it. */
export interface Tool extends Pick<Listed, 'name' | 'description' | 'inputSchema' | 'annotations'> {
  /** What the scope has to hold. */
  readonly permission: Permission;
  /** @param args checked against the schema @throws ApiError for what the caller is meant to read */
  run(args: object): Promise<CallToolResult>;
}

interface ToolOf<Args extends object> extends Omit<Tool, 'run'> {
  run(args: Args): Promise<CallToolResult>;
}

/** A tool whose arguments are what its schema says, which the compiler cannot know. */
export function tool<Args extends object>(definition: ToolOf<Args>): Tool {
  return definition as Tool;
}

/** Some tools that belong together. */
export interface ToolSet {
  readonly tools: readonly Tool[];
}

/** What a tool answers: a text or several, the first for people. */
export function texts(...parts: readonly string[]): CallToolResult {
  return { content: parts.map((text) => ({ type: 'text', text })) };
}
