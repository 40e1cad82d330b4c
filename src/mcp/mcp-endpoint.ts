import { Injectable } from '@nestjs/common';
import {
  type JSONRPCMessage,
  type JSONRPCResponse,
  SUPPORTED_PROTOCOL_VERSIONS,
  classifyInboundRequest,
  createMcpHandler,
  isJSONRPCNotification,
  isJSONRPCRequest,
  parseJSONRPCMessage,
} from '@modelcontextprotocol/server';
import { ApiError } from '../http/api-error.js';
import { Exchange } from './exchange.js';
import { Faults } from './faults.js';
import { McpServers } from './mcp-servers.js';

/** Of a request, the headers that the protocol has; all but the first may be missing. */
export interface McpHeaders {
  readonly 'content-type'?: string;
  readonly accept?: string;
  readonly 'mcp-protocol-version'?: string;
  readonly 'mcp-method'?: string;
  readonly 'mcp-name'?: string;
}

export interface McpAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** Revisions with batches. A request that names none is taken for one of the earliest with this transport. */
const WITH_BATCHES = ['2024-10-07', '2024-11-05', '2025-03-26'];
const MOST_MESSAGES = 100;

/**
 * Answers HTTP requests of the protocol's Streamable HTTP transport, each by itself: there are no sessions and no
 * streams. Both manners of speech are served, that of the revisions up to 2025 and that since 2026.
 */
@Injectable()
export class McpEndpoint {
  constructor(private readonly servers: McpServers) {}

  /**
   * In the running scope.
   *
   * @param body parsed; undefined where there is none
   * @throws ApiError what HTTP refuses; faults of ours as they come
   */
  async answer(headers: McpHeaders, body: unknown): Promise<McpAnswer> {
    refuseUnacceptable(headers.accept);
    if (body === undefined) throw new ApiError(400, 'INVALID_JSON', 'The body must be JSON.');
    const faults = new Faults();
    const answer = await (isLegacy(headers, body)
      ? this.answerLegacy(headers['mcp-protocol-version'], body, faults)
      : this.answerModern(headers, body, faults));
    faults.throwFirst();
    return answer;
  }

  private async answerLegacy(version: string | undefined, body: unknown, faults: Faults): Promise<McpAnswer> {
    const messages = messagesOf(body, version);
    const isHandshake = messages.some(
      (message) => isJSONRPCRequest(message) && message.method === 'initialize',
    );
    if (!isHandshake && version !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) {
      const known = SUPPORTED_PROTOCOL_VERSIONS.join(', ');
      throw new ApiError(
        400,
        'PROTOCOL_VERSION',
        `Unsupported protocol version (supported versions: ${known})`,
      );
    }
    const server = this.servers.create('legacy', faults.noting);
    const given = await new Exchange().run(server, messages);
    const answers = given.map((answer) => faults.worded(answer));
    if (answers.length === 0) return { status: 202 };
    return { status: 200, body: Array.isArray(body) ? answers : answers[0] };
  }

  private async answerModern(headers: McpHeaders, body: unknown, faults: Faults): Promise<McpAnswer> {
    refuseListening(body);
    const handler = createMcpHandler(() => this.servers.create('modern', faults.noting), {
      legacy: 'reject',
    });
    // The address plays no part; what is served was decided before.
    const request = new Request('http://cairn.invalid/mcp', { method: 'POST', headers: presentOf(headers) });
    const response = await handler.fetch(request, { parsedBody: body });
    const text = await response.text();
    if (text === '') return { status: response.status };
    return { status: response.status, body: faults.worded(JSON.parse(text) as JSONRPCResponse) };
  }
}

/** The transport's rule, though nothing is ever streamed here. */
function refuseUnacceptable(accept = ''): void {
  if (accept.includes('application/json') && accept.includes('text/event-stream')) return;
  throw new ApiError(
    406,
    'NOT_ACCEPTABLE',
    'Not Acceptable: Client must accept both application/json and text/event-stream',
  );
}

function isLegacy(headers: McpHeaders, body: unknown): boolean {
  const route = classifyInboundRequest({
    httpMethod: 'POST',
    protocolVersionHeader: headers['mcp-protocol-version'],
    mcpMethodHeader: headers['mcp-method'],
    mcpNameHeader: headers['mcp-name'],
    body,
  });
  return route.kind === 'legacy';
}

/** @throws ApiError 400 for what is no message, or for several where only one may come */
function messagesOf(body: unknown, version: string | undefined): JSONRPCMessage[] {
  if (!Array.isArray(body)) return [messageOf(body)];
  if (version !== undefined && !WITH_BATCHES.includes(version)) {
    throw refuse(`Batches are not part of protocol revision ${version.slice(0, 20)}.`);
  }
  if (body.length > MOST_MESSAGES) throw refuse(`A batch has at most ${MOST_MESSAGES} messages.`);
  const messages = body.map(messageOf);
  const requests = messages.filter((message) => isJSONRPCRequest(message));
  if (requests.some(({ method }) => method === 'initialize')) {
    throw refuse('An initialize request comes by itself.');
  }
  if (new Set(requests.map(({ id }) => id)).size < requests.length) {
    throw refuse('The requests of a batch have ids of their own.');
  }
  // Nobody would get the answer to a request that its own batch takes back.
  return messages.filter((message) => !isCancellation(message));
}

function messageOf(value: unknown): JSONRPCMessage {
  try {
    return parseJSONRPCMessage(value);
  } catch {
    throw refuse('The body is not a JSON-RPC message.');
  }
}

function isCancellation(message: JSONRPCMessage): boolean {
  return isJSONRPCNotification(message) && message.method === 'notifications/cancelled';
}

/** Subscriptions are streams, and there is nothing to subscribe to. */
function refuseListening(body: unknown): void {
  const { method } = Object(body) as { method?: unknown };
  if (method !== 'subscriptions/listen') return;
  throw new ApiError(400, 'NO_SUBSCRIPTIONS', 'This server has no subscriptions.');
}

function presentOf(headers: McpHeaders): [string, string][] {
  const names = ['content-type', 'accept', 'mcp-protocol-version', 'mcp-method', 'mcp-name'] as const;
  return names.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]] as [string, string]],
  );
}

function refuse(detail: string): ApiError {
  return new ApiError(400, 'INVALID_REQUEST', detail);
}
