import type { OpenAPIObject } from '@nestjs/swagger';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type Schema = Exclude<Schemas[string], { $ref: string }>;
type SchemaOrRef = Schemas[string];
type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Parameter = { name: string; in: string; required?: boolean; description?: string; schema?: SchemaOrRef };

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const HEAD = `// Made from openapi.json by \`npm run openapi\`: do not edit.
`;

/**
 * The TypeScript types of the API's client: an interface for each schema; `Operations`, what each operation takes
 * and gives, by its id; and `ROUTES`, where it is found.
 */
export function clientTypes(document: OpenAPIObject): string {
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) =>
      `${comment(description(schema))}export interface ${name} ${members(schema as Schema, 0)}\n`,
  );
  const operations = operationsOf(document);
  const inputs = operations.map(([id, , , operation]) => `  ${quote(id)}: ${operationType(operation)};\n`);
  const routes = operations.map(
    ([id, method, path]) => `  ${quote(id)}: [${literal(method)}, ${literal(path)}],\n`,
  );
  return [
    HEAD,
    ...schemas,
    `/** What each operation takes and gives. */\nexport interface Operations {\n${inputs.join('')}}\n`,
    `/** The method and the path of each operation. */\nexport const ROUTES = {\n${routes.join('')}} as const satisfies Record<keyof Operations, readonly [method: string, path: string]>;\n`,
  ].join('\n');
}

/** Every operation with its id, method and path. */
export function operationsOf(
  document: OpenAPIObject,
): [id: string, method: string, path: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation?.operationId === undefined
        ? []
        : [
            [operation.operationId, method.toUpperCase(), path, operation] as [
              string,
              string,
              string,
              Operation,
            ],
          ];
    }),
  );
}

function operationType(operation: Operation): string {
  const parameters = (operation.parameters ?? []) as Parameter[];
  const parts = ['path', 'query', 'header'].flatMap((place) => {
    const own = parameters.filter((parameter) => parameter.in === place);
    if (own.length === 0) return [];
    const fields = own.map(
      ({ name, required, schema, description: text }) =>
        `${comment(text, 3)}      ${quote(name)}${required ? '' : '?'}: ${typeOf(schema, 3)};\n`,
    );
    return [`    ${place}${own.some(({ required }) => required) ? '' : '?'}: {\n${fields.join('')}    };\n`];
  });
  const body =
    operation.requestBody && 'content' in operation.requestBody ? operation.requestBody : undefined;
  if (body) {
    const schema = Object.values(body.content)[0]?.schema as SchemaOrRef | undefined;
    parts.push(`    body${body.required ? '' : '?'}: ${typeOf(schema, 2)};\n`);
  }
  return `{\n${parts.join('')}    answer: ${answerType(operation)};\n  }`;
}

function answerType({ responses }: Operation): string {
  const types = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, response]) => {
      if (!response || '$ref' in response || !response.content) return 'undefined';
      return typeOf(response.content['application/json']?.schema as SchemaOrRef | undefined, 2);
    });
  return [...new Set(types)].join(' | ') || 'undefined';
}

function typeOf(schema: SchemaOrRef | undefined, depth: number): string {
  if (!schema) return 'unknown';
  if ('$ref' in schema) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  const all = schema.allOf?.map((part) => typeOf(part, depth));
  const any = (schema.oneOf ?? schema.anyOf)?.map((part) => typeOf(part, depth));
  const type = all?.join(' & ') ?? any?.join(' | ') ?? plainType(schema, depth);
  return schema.nullable ? `${type} | null` : type;
}

function plainType(schema: Schema, depth: number): string {
  if (schema.enum) return schema.enum.map((value) => literal(String(value))).join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return schema.type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array': {
      const item = typeOf(schema.items, depth);
      return /[ |&]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    default:
      return members(schema, depth);
  }
}

function members(schema: Schema, depth: number): string {
  const indent = '  '.repeat(depth + 1);
  const fields = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const optional = schema.required?.includes(name) ? '' : '?';
    return `${comment(description(member), depth + 1)}${indent}${quote(name)}${optional}: ${typeOf(member, depth + 1)};\n`;
  });
  const { additionalProperties: rest } = schema;
  if (fields.length === 0) {
    return `Record<string, ${typeof rest === 'object' ? typeOf(rest, depth) : 'unknown'}>`;
  }
  return `{\n${fields.join('')}${'  '.repeat(depth)}}`;
}

function description(schema: SchemaOrRef): string | undefined {
  return 'description' in schema ? schema.description : undefined;
}

function comment(text: string | undefined, depth = 0): string {
  if (!text) return '';
  return `${'  '.repeat(depth)}/** ${text.replaceAll('*/', '* /').replaceAll('\n', ' ')} */\n`;
}

/** As the name of a property. */
function quote(text: string): string {
  return /^[A-Za-z_]\w*$/.test(text) ? text : literal(text);
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
