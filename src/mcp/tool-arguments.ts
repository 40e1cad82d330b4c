import { Ajv } from '@modelcontextprotocol/server/validators/ajv';
import { ApiError, type FieldError } from '../http/api-error.js';
import { UNSTORABLE, isStorable } from '../http/field.validators.js';
import type { Tool } from './tool.js';

type Check = ReturnType<InstanceType<typeof Ajv>['compile']>;
type SchemaError = NonNullable<Check['errors']>[number];

const MAX_NAME_SHOWN = 100;

/** The schemas of the tools, made into checks when they are first needed. */
export class ToolArguments {
  // Only the first thing that is wrong: a list of a hundred thousand wrong items would be as many errors.
  private readonly ajv = new Ajv({ allErrors: false, strict: false });
  private readonly checks = new Map<Tool, Check>();

  /**
   * @returns the arguments as the tool may use them
   * @throws ApiError 400 VALIDATION_FAILED naming the argument; what was sent is not repeated
   */
  of(tool: Tool, given: unknown): object {
    const args = given ?? {};
    let check = this.checks.get(tool);
    if (!check) {
      check = this.ajv.compile(tool.inputSchema);
      this.checks.set(tool, check);
    }
    if (!check(args)) throw refuse(fieldErrorOf(check.errors?.[0]));
    const unstorable = findUnstorable(args as object);
    if (unstorable !== undefined) {
      throw refuse({ field: unstorable, message: UNSTORABLE });
    }
    return args as object;
  }
}

function fieldErrorOf(error: SchemaError | undefined): FieldError {
  const path = (error?.instancePath ?? '').split('/').slice(1).map(unescaped);
  const { additionalProperty, missingProperty } = (error?.params ?? {}) as Record<string, unknown>;
  if (typeof additionalProperty === 'string') {
    return { field: nameOf([...path, additionalProperty]), message: 'is not a known argument' };
  }
  if (typeof missingProperty === 'string') {
    return { field: nameOf([...path, missingProperty]), message: 'is required' };
  }
  const allowed = (error?.params as { allowedValues?: unknown } | undefined)?.allowedValues;
  const message = Array.isArray(allowed)
    ? `must be one of ${allowed.join(', ')}`
    : (error?.message ?? 'is wrong');
  return { field: nameOf(path), message };
}

/** A name in a JSON pointer (RFC 6901). */
function unescaped(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}

function nameOf(path: readonly string[]): string {
  return path.length === 0 ? 'arguments' : path.join('.').slice(0, MAX_NAME_SHOWN).toWellFormed();
}

/** The name of the first argument that holds a text which a database would refuse or change, keys included. */
function findUnstorable(args: object): string | undefined {
  for (const [name, value] of Object.entries(args)) {
    if (!isStorable(name) || holdsUnstorable(value)) return nameOf([name.replaceAll('\u0000', '')]);
  }
  return undefined;
}

/** Nested no deeper than bodies of requests are. */
function holdsUnstorable(value: unknown): boolean {
  if (typeof value === 'string') return !isStorable(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, part]) => !isStorable(name) || holdsUnstorable(part));
}

function refuse(error: FieldError): ApiError {
  return new ApiError(400, 'VALIDATION_FAILED', 'The arguments are not acceptable; errors says why.', {
    errors: [error],
  });
}
