import { MAX_METADATA_CHARACTERS } from '../http/field.validators.js';
import { MAX_CONTENT_CHARACTERS, MAX_TAGS } from '../memories/memory.dto.js';
import { SECTORS } from '../memories/sectors.js';
import { anyObject, listOf, needed, number, object, oneOf, text, texts } from './input.js';

/** As many as the dashboard asks for. */
export const MAX_K = 1_000;

/** The user that a request is about. */
export const USER_ID = text({ max: 256 });
/** The project is what Cairn calls a collection, and is called so where databases are taken over. */
export const PROJECT_ID = text({ max: 255 });
export const METADATA = anyObject(MAX_METADATA_CHARACTERS);

const WHOSE = { user_id: USER_ID, project_id: PROJECT_ID };
const CONTENT = text({ min: 1, max: MAX_CONTENT_CHARACTERS });
const TAGS = texts(MAX_TAGS, { max: 256 });

export const ADD = { content: needed(CONTENT), tags: TAGS, metadata: METADATA, ...WHOSE };

export const PATCH = { content: CONTENT, tags: TAGS, metadata: METADATA, ...WHOSE };

/** The body of a request about one memory. */
export const WHOSE_IT_IS = WHOSE;

export const REINFORCE = {
  id: needed(text({ min: 1 })),
  boost: number({ min: 0, max: 100 }),
  ...WHOSE,
};

/** Milliseconds since 1970. */
const TIMES = { startTime: number(), endTime: number() };

const FILTERS = object({
  sector: oneOf(SECTORS),
  sectors: listOf(SECTORS),
  tags: TAGS,
  min_score: number({ min: 0, max: 1 }),
  min_salience: number({ min: 0, max: 1 }),
  ...WHOSE,
  ...TIMES,
});

const QUERY_TEXT = needed(text({ min: 1, max: 8_192 }));

export const QUERY = {
  query: QUERY_TEXT,
  k: number({ min: 1, max: MAX_K, whole: true }),
  filters: FILTERS,
  ...WHOSE,
  ...TIMES,
};

/** What the Python server called it. */
export const SEARCH = {
  query: QUERY_TEXT,
  limit: number({ min: 1, max: MAX_K, whole: true }),
  filters: FILTERS,
  ...WHOSE,
};

/** For functions of the Vercel AI SDK. */
export const SHORT_QUERY = {
  query: needed(text({ min: 1, max: 4_000 })),
  k: number({ min: 1, max: 32, whole: true }),
  ...WHOSE,
  ...TIMES,
};
