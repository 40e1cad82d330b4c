import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ApiError, unacceptable } from '../http/api-error.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { DEFAULT_LIMIT } from '../http/page.dto.js';
import { MemoriesService } from '../memories/memories.service.js';
import { MemoryCreator } from '../memories/memory-creator.js';
import type { NewMemory } from '../memories/memory.dto.js';
import { Memory } from '../memories/memory.entity.js';
import { refuseOtherUser } from '../memories/memory-filters.js';
import { MemoryRemover } from '../memories/memory-remover.js';
import { uuidv7 } from '../memories/uuid.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { type CreateDocumentDto, type ListDocumentsDto, SECTION_SIZE } from './document.dto.js';
import { type Section, sectionsOf, titleOf } from './document-sections.js';
import { rootText } from './document-root.js';

/** Each is a memory, and all are written in one transaction. */
const MAX_SECTIONS = 2_000;
/** Of metadata and tags, which every section has. */
const MAX_REPEATED_CHARACTERS = 8_000_000;
const MAX_HEADING_CHARACTERS = 200;
const SECTION_DIGITS = 5;

/** A document's memories. */
export interface Document {
  readonly root: Memory;
  /** In their order; none where the root holds the text itself. */
  readonly sections: readonly Memory[];
}

export interface DocumentPage {
  /** Roots. */
  readonly items: Memory[];
  readonly nextCursor: string | null;
}

/** How a text is to be taken in. */
export type NewDocument = CreateDocumentDto & {
  /** A text of up to so many characters becomes one memory, of that of its sections when absent. */
  readonly whole_up_to?: number;
};

/**
 * A document is a memory whose session is its own id, the root, and the memories with the ids that follow from it,
 * its sections: so searches read them together with what stands beside them, and what changes one of them (a PATCH,
 * a deletion, an expiry) changes the document.
 */
@Injectable()
export class DocumentsService {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly memoriesService: MemoriesService,
    private readonly creator: MemoryCreator,
    private readonly remover: MemoryRemover,
    private readonly tenancy: Tenancy,
  ) {}

  /**
   * Takes in a text whole, or not at all.
   *
   * @throws ApiError 400 TOO_MANY_SECTIONS, VALIDATION_FAILED; 403 for another user; 409 ID_EXISTS
   */
  async create(input: NewDocument): Promise<Document> {
    const memories = memoriesOf(input);
    return this.tenancy.transaction(async () => {
      const outcomes = await this.creator.create(memories);
      const [root, ...sections] = outcomes.map((outcome) => {
        if (outcome instanceof ApiError) throw outcome;
        return outcome.memory;
      });
      return { root, sections };
    });
  }

  /** The latest first. @throws ApiError 400 INVALID_CURSOR, 403 for another user */
  async list({
    user_id,
    collection,
    cursor,
    limit = DEFAULT_LIMIT,
  }: ListDocumentsDto): Promise<DocumentPage> {
    refuseOtherUser(user_id);
    const bound = { list: 'documents', user_id, collection };
    const query = this.memories.createQueryBuilder('m').where('m.sessionId = m.id');
    if (user_id !== undefined) query.andWhere('m.userId = :user_id', { user_id });
    if (collection !== undefined) query.andWhere('m.collection = :collection', { collection });
    if (cursor !== undefined) {
      const [createdAt, id] = decodeCursor(cursor, ['integer', 'string'], bound);
      query.andWhere('(m.createdAt, m.id) < (:createdAt, :id)', { createdAt, id });
    }
    const ordered = query.orderBy('m.createdAt', 'DESC').addOrderBy('m.id', 'DESC');
    const found = await ordered.limit(limit + 1).getMany();
    const items = found.slice(0, limit);
    const last = found.length > limit ? items[limit - 1] : undefined;
    return { items, nextCursor: last ? encodeCursor([last.createdAt, last.id], bound) : null };
  }

  /** @throws ApiError 404 */
  get(id: string): Promise<Document> {
    return this.tenancy.snapshot(async () => {
      const root = rootOf(await this.memoriesService.get(id).catch(asDocument));
      return { root, sections: await this.sections(root) };
    });
  }

  /** Deletes a document's memories. @returns how many. @throws ApiError 404, 403 for a user where it is nobody's */
  delete(id: string): Promise<number> {
    return this.tenancy.transaction(async () => {
      const root = rootOf(await this.memoriesService.getOwn(id).catch(asDocument));
      const own = [root, ...(await this.sections(root))];
      await this.remover.remove(own, 'delete');
      return own.length;
    });
  }

  /** Those of the root's owner: another's memory may have such an id too, and is no part of the document. */
  private async sections({ id, userId }: Memory): Promise<Memory[]> {
    const found = await this.memories
      .createQueryBuilder('m')
      .where('m.id > :first AND m.id < :behind', { first: `${id}.`, behind: `${id}.:` })
      .orderBy('m.id', 'ASC')
      .getMany();
    return found.filter((memory) => memory.userId === userId && SECTION_ID.test(memory.id.slice(id.length)));
  }
}

/** Behind the id of the document. In byte order a colon follows the digits. */
const SECTION_ID = new RegExp(`^\\.\\d{${SECTION_DIGITS}}$`);

/** The whole text. */
export function textOf({ root, sections }: Document): string {
  return sections.length === 0 ? root.content : sections.map(({ content }) => content).join('');
}

function memoriesOf(input: NewDocument): NewMemory[] {
  const { content, content_type: type = 'text/plain', metadata = {}, tags = [] } = input;
  const { section_size: size = SECTION_SIZE.usual, whole_up_to: wholeUpTo = size } = input;
  if (Object.hasOwn(metadata, 'document')) {
    throw unacceptable([
      { field: 'metadata.document', message: 'is taken: it says what belongs to which document' },
    ]);
  }
  const parts = sectionsOf(content, type, size);
  const sections = content.length <= wholeUpTo ? [] : parts;
  if (sections.length > MAX_SECTIONS) throw tooManySections(sections.length);
  const repeated = sections.length * JSON.stringify([metadata, tags]).length;
  if (repeated > MAX_REPEATED_CHARACTERS) throw tooMuchRepeated(sections.length);
  const id = input.id ?? uuidv7(Date.now());
  const title = input.title ?? titleOf(parts)?.slice(0, MAX_HEADING_CHARACTERS) ?? null;
  const { user_id, collection, created_at, expires_at } = input;
  const common = { user_id, collection, tags, created_at, expires_at, session_id: id };
  const root = {
    ...common,
    id,
    content: sections.length === 0 ? content : rootText(title, sections),
    metadata: { ...metadata, document: { title, content_type: type, sections: sections.length } },
  };
  return [root, ...sections.map((section, i) => sectionMemory(section, i + 1, id, { ...common, metadata }))];
}

function sectionMemory({ content, heading }: Section, number: number, id: string, common: object): NewMemory {
  const { metadata, ...others } = common as { metadata: Record<string, unknown> };
  const document = { id, section: number, heading: heading?.slice(0, MAX_HEADING_CHARACTERS) ?? null };
  return {
    ...others,
    id: `${id}.${String(number).padStart(SECTION_DIGITS, '0')}`,
    content,
    metadata: { ...metadata, document },
  };
}

function rootOf(memory: Memory): Memory {
  if (memory.sessionId !== memory.id) throw documentNotFound();
  return memory;
}

/** What there is no memory of is no document; any other refusal stays what it is. */
function asDocument(error: unknown): never {
  throw error instanceof ApiError && error.getStatus() === 404 ? documentNotFound() : error;
}

/** 404 for what does not exist, is someone else's, or is no document: all look alike. */
function documentNotFound(): ApiError {
  return new ApiError(404, 'NOT_FOUND', 'There is no document with this id.');
}

function tooManySections(count: number): ApiError {
  return new ApiError(
    400,
    'TOO_MANY_SECTIONS',
    `The text makes ${count} sections, of at most ${MAX_SECTIONS}: set section_size higher.`,
  );
}

function tooMuchRepeated(count: number): ApiError {
  return new ApiError(
    400,
    'TOO_MUCH_REPEATED',
    `Metadata and tags stand on every one of ${count} sections: shorten them, or set section_size higher.`,
  );
}
