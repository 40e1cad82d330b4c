import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import type { Memory } from '../memories/memory.entity.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import { isObject, jsonObject } from '../memories/stored-json.js';
import {
  CreateDocumentDto,
  DeletedDocumentDto,
  DocumentContentDto,
  DocumentDto,
  DocumentListDto,
  type DocumentSummaryDto,
  ListDocumentsDto,
} from './document.dto.js';
import { DOCUMENT_TYPES } from './document-sections.js';
import { type Document, DocumentsService, textOf } from './documents.service.js';

const NotFound = () => ApiResponse({ status: 404, description: 'NOT_FOUND: there is no such document' });

@ApiTags('documents')
@Controller('v1/documents')
export class DocumentsController {
  constructor(private readonly documents: DocumentsService) {}

  /** Lists documents, the latest first. */
  @Get()
  @RequirePermission('read')
  async list(@Query() query: ListDocumentsDto): Promise<DocumentListDto> {
    const { items, nextCursor } = await this.documents.list(query);
    return { items: items.map(summaryOf), next_cursor: nextCursor };
  }

  /** Takes in a text: as a memory for each section, in order, and one for the whole; a short text as one memory. */
  @Post()
  @RequirePermission('write')
  @ApiResponse({ status: 201, type: DocumentDto })
  @ApiResponse({ status: 409, description: 'ID_EXISTS: the vault has a memory with this id' })
  async create(@Body() body: CreateDocumentDto): Promise<DocumentDto> {
    return viewOf(await this.documents.create(body));
  }

  @Get(':id')
  @RequirePermission('read')
  @ApiOkResponse({ type: DocumentDto })
  @NotFound()
  async get(@Param('id') id: string): Promise<DocumentDto> {
    return viewOf(await this.documents.get(id));
  }

  /** The whole text. */
  @Get(':id/content')
  @RequirePermission('read')
  @NotFound()
  async content(@Param('id') id: string): Promise<DocumentContentDto> {
    const document = await this.documents.get(id);
    return { id, content_type: typeOf(document.root), content: textOf(document) };
  }

  /** Deletes a document with its sections. */
  @Delete(':id')
  @RequirePermission('delete')
  @ApiOkResponse({ type: DeletedDocumentDto })
  @NotFound()
  async delete(@Param('id') id: string): Promise<DeletedDocumentDto> {
    return { deleted: await this.documents.delete(id) };
  }
}

function viewOf({ root, sections }: Document): DocumentDto {
  return {
    ...summaryOf(root),
    sections: sections.map((section) => ({ id: section.id, heading: textIn(section, 'heading') })),
  };
}

function summaryOf(root: Memory): DocumentSummaryDto {
  const { id, user_id, collection, tags, metadata, created_at, updated_at, expires_at } = MemoryDto.of(root);
  return {
    id,
    title: textIn(root, 'title'),
    content_type: typeOf(root),
    ...{ user_id, collection, tags, metadata, created_at, updated_at, expires_at },
  };
}

function typeOf(root: Memory) {
  return DOCUMENT_TYPES.find((type) => type === textIn(root, 'content_type')) ?? null;
}

/** What the metadata say of the document, as long as nobody has put others in their place. */
function textIn({ metadata }: Memory, name: string): string | null {
  const { document } = jsonObject(metadata);
  const value = isObject(document) ? document[name] : undefined;
  return typeof value === 'string' ? value : null;
}
