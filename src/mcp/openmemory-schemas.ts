import type { JSONObject } from '@modelcontextprotocol/server';
import { SECTORS } from '../memories/sectors.js';
import { schema } from './schema.js';

// The schemas of OpenMemory's tools, word for word as its server lists them: clients and prompts in the field were
// written for these.

const text = (description: string) => ({ type: 'string', description });
const filled = (description: string) => ({ type: 'string', minLength: 1, description });
const FILLED = { type: 'string', minLength: 1 };
const sector = (description: string) => ({ type: 'string', enum: [...SECTORS], description });
const TAGS = { type: 'array', items: { type: 'string' } };
const METADATA = { type: 'object', additionalProperties: {} };

function facts(fact: JSONObject) {
  return { type: 'array', items: schema(fact, 'subject', 'predicate', 'object') };
}

export const QUERY_SCHEMA = schema(
  {
    query: { type: 'string', minLength: 1, description: 'Free-form search text' },
    type: {
      type: 'string',
      enum: ['contextual', 'factual', 'unified'],
      default: 'contextual',
      description:
        "Query type: 'contextual' for HSG semantic search (default), 'factual' for temporal fact queries, 'unified' for both",
    },
    fact_pattern: {
      ...schema({
        subject: text('Subject pattern (entity) - use undefined for wildcard'),
        predicate: text('Predicate pattern (relationship) - use undefined for wildcard'),
        object: text('Object pattern (value) - use undefined for wildcard'),
      }),
      description: "Fact pattern for temporal queries. Used when type is 'factual' or 'unified'",
    },
    at: text('ISO date string for point-in-time queries (default: now). Queries facts valid at this time'),
    k: {
      ...{ type: 'integer', minimum: 1, maximum: 32, default: 8 },
      description: 'Maximum results to return (for HSG queries)',
    },
    sector: sector('Restrict search to a specific sector (for HSG queries)'),
    min_salience: {
      ...{ type: 'number', minimum: 0, maximum: 1 },
      description: 'Minimum salience threshold (for HSG queries)',
    },
    user_id: filled('Isolate results to a specific user identifier'),
    project_id: filled(
      'Isolate results to a specific project identifier. If omitted, matching projects will be boosted but global/null results will still return.',
    ),
  },
  'query',
);

export const STORE_PROJECT_SCHEMA = schema(
  {
    content: filled('Raw memory text to store'),
    project_id: filled('The unique identifier for the current project'),
    type: {
      type: 'string',
      enum: ['contextual', 'factual', 'both'],
      default: 'contextual',
      description:
        "Storage type: 'contextual' for HSG only (default), 'factual' for temporal facts only, 'both' for both systems",
    },
    facts: {
      ...facts({
        subject: filled('Fact subject (entity)'),
        predicate: filled('Fact predicate (relationship)'),
        object: filled('Fact object (value)'),
        confidence: {
          ...{ type: 'number', minimum: 0, maximum: 1 },
          description: 'Confidence score (0-1, default 1.0)',
        },
        valid_from: text('ISO date string for fact validity start (default: now)'),
      }),
      description: "Array of facts to store in temporal graph. Required when type is 'factual' or 'both'",
    },
    tags: { ...TAGS, description: 'Optional tag list (for HSG storage)' },
    metadata: { ...METADATA, description: 'Arbitrary metadata blob' },
    user_id: filled('Associate the memory with a specific user identifier'),
  },
  'content',
  'project_id',
);

export const STORE_SCHEMA = schema(
  {
    content: filled('Raw memory text to store'),
    type: {
      type: 'string',
      enum: ['contextual', 'factual', 'both'],
      default: 'contextual',
      description: 'Storage type',
    },
    facts: facts({
      ...{ subject: FILLED, predicate: FILLED, object: FILLED },
      ...{ confidence: { type: 'number' }, valid_from: { type: 'string' } },
    }),
    tags: TAGS,
    metadata: METADATA,
    user_id: FILLED,
  },
  'content',
);

export const REINFORCE_SCHEMA = schema(
  {
    id: filled('Memory identifier to reinforce'),
    boost: {
      ...{ type: 'number', minimum: 0.01, maximum: 1, default: 0.1 },
      description: 'Salience boost amount (default 0.1)',
    },
  },
  'id',
);

export const DELETE_SCHEMA = schema(
  {
    id: filled('Memory identifier to delete'),
    user_id: filled('Validate ownership'),
    project_id: filled('Validate project identifier'),
  },
  'id',
);

export const LIST_SCHEMA = schema({
  limit: {
    ...{ type: 'integer', minimum: 1, maximum: 50, default: 10 },
    description: 'Number of memories to return',
  },
  sector: sector('Optionally limit to a sector'),
  user_id: filled('Restrict results to a specific user identifier'),
  project_id: filled('Restrict results to a specific project identifier'),
});

export const GET_SCHEMA = schema(
  {
    id: filled('Memory identifier to load'),
    include_vectors: { type: 'boolean', default: false, description: 'Include sector vector metadata' },
    user_id: filled('Validate ownership against a specific user identifier'),
  },
  'id',
);
