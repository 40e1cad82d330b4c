import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { isoTime } from './iso-time.js';
import { MetamorphSessionsService, type NamedSession } from './metamorph-sessions.service.js';
import {
  CreateMetamorphSessionDto,
  ListMetamorphSessionsDto,
  type MetamorphDeletion,
  type MetamorphSession,
} from './metamorph.dto.js';

const DEFAULT_SESSIONS = 100;

/** Sessions in the shape that clients of Metamorph know; those of Cairn's own API are `/v1/sessions`. */
@ApiExcludeController()
@Controller('api/sessions')
export class MetamorphSessionsController {
  constructor(private readonly sessions: MetamorphSessionsService) {}

  @Get()
  @RequirePermission('read')
  async list(
    @Query() { limit = DEFAULT_SESSIONS }: ListMetamorphSessionsDto,
  ): Promise<{ sessions: MetamorphSession[]; vaultId: string }> {
    const sessions = await this.sessions.list(limit);
    return { sessions: sessions.map(view), vaultId: TenantContext.scope().vaultId };
  }

  @Post()
  @RequirePermission('write')
  async create(@Body() { name }: CreateMetamorphSessionDto): Promise<MetamorphSession> {
    return view(await this.sessions.create(name));
  }

  @Get(':id')
  @RequirePermission('read')
  async get(@Param('id') id: string): Promise<MetamorphSession & { messageCount: number }> {
    const session = await this.sessions.get(id);
    return { ...view(session), messageCount: session.messageCount };
  }

  @Delete(':id')
  @RequirePermission('delete')
  async delete(@Param('id') id: string): Promise<MetamorphDeletion> {
    await this.sessions.delete(id);
    return { success: true, deletedAt: isoTime(Date.now()) };
  }
}

function view({ id, name, createdAt, lastAccessed }: NamedSession): MetamorphSession {
  return {
    id,
    name,
    createdAt: isoTime(createdAt),
    lastAccessed: isoTime(lastAccessed),
  };
}
