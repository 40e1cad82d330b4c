import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import type { Memory } from '../memories/memory.entity.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { isoTime } from './iso-time.js';
import { MetamorphMemoriesService } from './metamorph-memories.service.js';
import { typeOf } from './metamorph-types.js';
import {
  CreateMetamorphMemoryDto,
  ListMetamorphMemoriesDto,
  type MetamorphDeletion,
  type MetamorphMemory,
} from './metamorph.dto.js';

/** Memories in the shape that clients of Metamorph know; those of Cairn's own API are `/v1/memories`. */
@ApiExcludeController()
@Controller('api/memories')
export class MetamorphMemoriesController {
  constructor(private readonly memories: MetamorphMemoriesService) {}

  @Get()
  @RequirePermission('read')
  async list(
    @Query() query: ListMetamorphMemoriesDto,
  ): Promise<{ memories: MetamorphMemory[]; total: number; vaultId: string }> {
    const { items, total } = await this.memories.list(query);
    return { memories: items.map(view), total, vaultId: TenantContext.scope().vaultId };
  }

  @Post()
  @RequirePermission('write')
  async create(@Body() body: CreateMetamorphMemoryDto): Promise<MetamorphMemory> {
    return view(await this.memories.create(body));
  }

  @Delete(':id')
  @RequirePermission('delete')
  async delete(@Param('id') id: string): Promise<MetamorphDeletion> {
    await this.memories.delete(id);
    return { success: true, deletedAt: isoTime(Date.now()) };
  }
}

function view(memory: Memory): MetamorphMemory {
  const { id, content, primary_sector, salience, created_at, metadata } = MemoryDto.of(memory);
  return {
    ...{ id, type: typeOf(primary_sector), content, importance: salience },
    ...{ createdAt: isoTime(created_at), metadata },
  };
}
