import { MAX_TOKENS } from '../memories/context.dto.js';
import { MAX_LIMIT } from '../http/page.dto.js';

// The pieces of the schemas of Cairn's own tools. What a text may hold exactly is checked as it is for the routes.

export const text = (description: string) => ({ type: 'string', minLength: 1, description });

export const LIMIT = {
  type: 'integer',
  minimum: 1,
  maximum: MAX_LIMIT,
  description: 'How many at most (20)',
};
export const CURSOR = text('next_cursor of the page before, with the same other arguments');
export const QUERY = { ...text('What to look for, in words'), maxLength: 8192 };
export const USER_ID = text('Only memories of this user. A credential of one user may name that user only');
export const METADATA = { type: 'object', description: 'Anything else about it, as a JSON object' };
export const WEIGHT = { type: 'number', minimum: 0, maximum: 1 };
export const DIRECTION = {
  type: 'string',
  enum: ['out', 'in', 'both'],
  description:
    'Along waypoints from their source (out), the other way (in), or either way (both, the default)',
};
export const TOKENS = {
  type: 'integer',
  minimum: 1,
  maximum: MAX_TOKENS,
  description: 'The text takes no more tokens than this, by an estimate from above (1000)',
};

/** For clients, which may ask their people before they let a tool change or delete something. */
export const READS = { readOnlyHint: true, openWorldHint: false };
export const WRITES = { readOnlyHint: false, destructiveHint: false, openWorldHint: false };
export const DELETES = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: false,
};
