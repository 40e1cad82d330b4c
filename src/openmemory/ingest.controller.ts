import { HttpCode, Post } from '@nestjs/common';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { MAX_DOCUMENT_CHARACTERS, SECTION_SIZE } from '../documents/document.dto.js';
import type { DocumentType } from '../documents/document-sections.js';
import { DocumentsService } from '../documents/documents.service.js';
import { ApiError } from '../http/api-error.js';
import { MAX_CONTENT_CHARACTERS } from '../memories/memory.dto.js';
import { type Values, flag, needed, number, object, text } from './input.js';
import { METADATA, PROJECT_ID, USER_ID } from './inputs.js';
import { notYet } from './not-yet.js';
import { OldBody, OldRoutes } from './old-routes.decorators.js';
import { collectionOf, namedUser } from './whose.js';

const INGEST = {
  content_type: needed(text({ min: 1, max: 256 })),
  data: needed(text({ min: 1, max: MAX_DOCUMENT_CHARACTERS })),
  metadata: METADATA,
  /** Any number will do: it is brought into the range of what there is. */
  config: object({ force_root: flag(), sec_sz: number(), lg_thresh: number() }),
  user_id: USER_ID,
  project_id: PROJECT_ID,
};

/** What is read as it stands, and how OpenMemory calls it in its answer. */
const TEXTS: Readonly<Record<string, readonly [type: DocumentType, name: string]>> = {
  txt: ['text/plain', 'txt'],
  text: ['text/plain', 'txt'],
  'text/plain': ['text/plain', 'txt'],
  md: ['text/markdown', 'markdown'],
  markdown: ['text/markdown', 'markdown'],
  'text/markdown': ['text/markdown', 'markdown'],
};

/** What OpenMemory read too, and has to be read by more than text can be. */
const LATER = new Set([
  ...['pdf', 'docx', 'doc', 'html', 'htm', 'application/pdf', 'text/html'],
  ...['audio', 'mp3', 'wav', 'm4a', 'webm', 'ogg', 'video', 'mp4', 'avi', 'mov'],
]);

/** Characters that OpenMemory counts as a token. */
const TOKEN_CHARACTERS = 4;
/** Tokens beyond which a text is taken in in sections. */
const LARGE = 8_000;

/** Texts as clients of OpenMemory hand them in; Cairn's own route is `/v1/documents`. */
@OldRoutes('memory/ingest')
export class OldIngestController {
  constructor(private readonly documents: DocumentsService) {}

  @Post()
  @HttpCode(200)
  @RequirePermission('write')
  async ingest(@OldBody(INGEST) input: Values<typeof INGEST>) {
    const given = input.content_type.toLowerCase();
    if (LATER.has(given)) throw notYet();
    if (!Object.hasOwn(TEXTS, given)) throw new ApiError(400, 'INGEST_FAIL', 'Unsupported content type');
    const [type, name] = TEXTS[given];
    const { data, metadata, config } = input;
    const inSections = config?.force_root ?? false;
    const size = config?.sec_sz ?? SECTION_SIZE.usual;
    const large = config?.lg_thresh ?? LARGE;
    const { sections, root } = await this.documents.create({
      content: data,
      content_type: type,
      metadata,
      user_id: namedUser(input.user_id),
      collection: collectionOf(input),
      section_size: Math.round(Math.min(Math.max(size, SECTION_SIZE.least), SECTION_SIZE.most)),
      whole_up_to: inSections ? 0 : Math.min(large * TOKEN_CHARACTERS, MAX_CONTENT_CHARACTERS),
    });
    const tokens = Math.ceil(data.length / TOKEN_CHARACTERS);
    return {
      root_memory_id: root.id,
      child_count: sections.length,
      total_tokens: tokens,
      strategy: sections.length > 0 ? 'root-child' : 'single',
      extraction: {
        content_type: name,
        char_count: data.length,
        estimated_tokens: tokens,
        extraction_method: 'passthrough',
      },
    };
  }
}
