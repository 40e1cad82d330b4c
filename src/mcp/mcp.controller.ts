import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticated } from '../auth/route-access.decorators.js';
import { CONFIG, type Config } from '../config/config.js';
import { ApiError } from '../http/api-error.js';
import { Flags } from '../rollout/flags.service.js';
import { McpEndpoint, type McpHeaders } from './mcp-endpoint.js';
import { refuseForeignOrigin } from './origin.js';

/** The Model Context Protocol over HTTP. Which permission a call needs is the tool's to say. */
@ApiExcludeController()
@Controller('mcp')
export class McpController {
  constructor(
    private readonly endpoint: McpEndpoint,
    private readonly flags: Flags,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post()
  @HttpCode(200)
  @Authenticated()
  async answer(
    @Body() body: unknown,
    @Req() { raw, headers }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    refuseForeignOrigin(raw.rawHeaders, this.config.http.corsOrigins);
    if (!this.flags.here().mcp) throw mcpOff();
    const answer = await this.endpoint.answer(headers as McpHeaders, body);
    reply.status(answer.status);
    return answer.body;
  }
}

function mcpOff(): ApiError {
  return new ApiError(404, 'MCP_OFF', 'MCP is switched off for this vault.');
}
