import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { version } from '../version.js';

export const DOCS_PATH = '/docs';
export const OPENAPI_PATH = '/openapi.json';

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'What went wrong (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
  properties: {
    type: { type: 'string', example: 'about:blank' },
    title: { type: 'string', description: 'The name of the status.', example: 'Bad Request' },
    status: { type: 'integer', example: 400 },
    detail: { type: 'string', description: 'A sentence for a person.' },
    instance: { type: 'string', description: 'urn:request: and the id of the request in the log.' },
    code: { type: 'string', description: 'A stable word for a program.', example: 'VALIDATION_FAILED' },
    errors: {
      type: 'array',
      description: 'What is wrong with which field.',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

const PROBLEM_CONTENT = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

const LINES = 'application/x-ndjson';

/** OpenAPI 3.0 has no words for values on lines of their own: to it they are a text. */
const LINES_SCHEMA = {
  type: 'string',
  description: 'What an array would hold, as JSON, each on a line of its own; blank lines are skipped.',
  example: '{"content":"The first."}\n{"content":"The second.","tags":["two"]}\n',
};

/** The name of dev mode's way of saying whom to act for. */
const DEV_VAULT = 'dev-vault';

const API_KEY = 'api-key';

type OperationObject = NonNullable<OpenAPIObject['paths'][string]['get']>;

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

/** Serves the description of the API as a page at /docs and as a document at /openapi.json, to anyone. */
export function serveOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup(DOCS_PATH, app, () => describeApi(app), {
    jsonDocumentUrl: OPENAPI_PATH,
    raw: ['json'],
    customSiteTitle: 'Cairn',
  });
}

/** The OpenAPI document of the running application, its parts in an order that does not depend on anything else. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const options = new DocumentBuilder()
    .setTitle('Cairn')
    .setDescription('Long-term memory for AI agents, each vault by itself.')
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'X-Api-Key',
        description: 'In place of a token; or as one, in the Authorization header.',
      },
      API_KEY,
    )
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'X-Vault-Id',
        description: 'In dev mode only: the vault to work in.',
      },
      DEV_VAULT,
    )
    .build();
  const document = SwaggerModule.createDocument(app, options, {
    // `memories.create` of MemoriesController.create: what clients call it by.
    operationIdFactory: (controller, method) =>
      `${controller.replace(/^Own|Controller$/g, '').replace(/^./, (letter) => letter.toLowerCase())}.${method}`,
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA },
  };
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation) complete(operation);
    }
  }
  return sorted(document) as OpenAPIObject;
}

/** Adds what holds for every operation: how failures and lines look, and what stands in for a token. */
function complete(operation: OperationObject): void {
  for (const [status, response] of Object.entries(operation.responses)) {
    if (status >= '4' && response && !('$ref' in response)) response.content ??= PROBLEM_CONTENT;
  }
  const { requestBody } = operation;
  if (requestBody && 'content' in requestBody && requestBody.content[LINES]) {
    requestBody.content[LINES] = { schema: LINES_SCHEMA };
  }
  operation.responses.default = { description: 'Anything but success.', content: PROBLEM_CONTENT };
  operation.security = operation.security
    ? [...operation.security, { [API_KEY]: [] }, { [DEV_VAULT]: [] }]
    : [];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}
