import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CONFIG, type Config } from '../config/config.js';
import { ApiError } from '../http/api-error.js';
import { metadataOf } from './resource-metadata.js';
import { ResourceMetadataDto } from './resource-metadata.dto.js';
import { Public } from './route-access.decorators.js';

const NotConfigured = () =>
  ApiResponse({ status: 404, description: 'NOT_FOUND: PUBLIC_URL or an https JWT_ISSUER is not set' });

/** Tells OAuth clients whose tokens the service accepts (RFC 9728). Nothing in it comes from the request. */
@ApiTags('auth')
@Controller('.well-known/oauth-protected-resource')
export class ResourceMetadataController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** Which issuer's tokens the service accepts. */
  @Get()
  @Public()
  @ApiOkResponse({ type: ResourceMetadataDto })
  @NotConfigured()
  service(): ResourceMetadataDto {
    return this.describe('');
  }

  /** Which issuer's tokens MCP accepts. */
  @Get('mcp')
  @Public()
  @ApiOkResponse({ type: ResourceMetadataDto })
  @NotConfigured()
  mcp(): ResourceMetadataDto {
    return this.describe('/mcp');
  }

  private describe(path: '' | '/mcp'): ResourceMetadataDto {
    const { protectedResource } = this.config.auth;
    if (!protectedResource) throw new ApiError(404, 'NOT_FOUND', 'There is nothing here by this name.');
    return metadataOf(protectedResource, path);
  }
}
