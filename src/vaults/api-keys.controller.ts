import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { AnswersSecret } from '../operations/idempotency.interceptor.js';
import { permissionsOf } from './api-key-permissions.js';
import {
  ApiKeyDto,
  ApiKeyListDto,
  CreateApiKeyDto,
  ListApiKeysDto,
  NewApiKeyDto,
  RotateApiKeyDto,
} from './api-key.dto.js';
import { ApiKeysService, type KnownApiKey, type NewApiKey } from './api-keys.service.js';

const NotFound = () =>
  ApiResponse({ status: 404, description: 'NOT_FOUND: no key of the caller has this id' });

/** The keys of the caller's vault; of a user's credential, that user's own. */
@ApiTags('vault')
@Controller('v1/vault/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  /** Lists the keys, those that are revoked or have expired too, without their secrets. */
  @Get()
  @RequirePermission('admin', { keyed: false })
  async list(@Query() query: ListApiKeysDto): Promise<ApiKeyListDto> {
    const { items, nextCursor } = await this.keys.list(query);
    return { items: items.map(view), next_cursor: nextCursor };
  }

  /** Makes a key. The answer holds it; it cannot be shown again. */
  @Post()
  @RequirePermission('admin', { keyed: false })
  @AnswersSecret()
  @ApiResponse({ status: 201, type: NewApiKeyDto })
  async create(@Body() body: CreateApiKeyDto): Promise<NewApiKeyDto> {
    return newView(
      await this.keys.create({
        name: body.name,
        userId: body.user_id,
        permissions: body.permissions,
        expiresAt: body.expires_at,
      }),
    );
  }

  @Get(':id')
  @RequirePermission('admin', { keyed: false })
  @ApiOkResponse({ type: ApiKeyDto })
  @NotFound()
  async get(@Param('id') id: string): Promise<ApiKeyDto> {
    return view(await this.keys.get(id));
  }

  /** Makes a new key with the same rights, and ends the old one: at once, or after a time of grace. */
  @Post(':id/rotate')
  @RequirePermission('admin', { keyed: false })
  @AnswersSecret()
  @ApiResponse({ status: 201, type: NewApiKeyDto })
  @NotFound()
  @ApiResponse({ status: 409, description: 'API_KEY_ENDED: it is revoked, or has expired' })
  async rotate(@Param('id') id: string, @Body() body: RotateApiKeyDto): Promise<NewApiKeyDto> {
    const { grace_seconds: graceSeconds, expires_at: expiresAt } = body;
    return newView(await this.keys.rotate(id, { graceSeconds, expiresAt }));
  }

  /** Ends a key for good: here at once, in other processes within 5 seconds. It stays in the list. */
  @Post(':id/revoke')
  @HttpCode(200)
  @RequirePermission('admin')
  @ApiOkResponse({ type: ApiKeyDto })
  @NotFound()
  async revoke(@Param('id') id: string): Promise<ApiKeyDto> {
    return view(await this.keys.revoke(id));
  }
}

function view({ row, lastUsedAt }: KnownApiKey): ApiKeyDto {
  return {
    id: row.id,
    name: row.name,
    user_id: row.userId === '' ? null : row.userId,
    permissions: permissionsOf(row),
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    revoked_at: row.revokedAt,
    last_used_at: lastUsedAt,
  };
}

function newView({ key, ...known }: NewApiKey): NewApiKeyDto {
  return { ...view(known), key };
}
