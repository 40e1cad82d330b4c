import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { type ValidationError, validateSync } from 'class-validator';
import { ApiError, type FieldError } from './api-error.js';
import { type DtoClass, instantiate } from './dto-instance.js';
import { passes } from './quick-check.js';

const MAX_ERRORS_SHOWN = 20;

/** Types of parameters that are not DTOs: passed on as they came. */
const PLAIN_TYPES: readonly unknown[] = [undefined, String, Boolean, Number, Array, Object, Buffer, Date];

/**
 * Turns bodies, queries and path parameters whose type is a class into instances of it, and checks them by
 * its class-validator decorators. A field without a decorator does not exist: sending it is refused by name.
 *
 * Nest's own ValidationPipe is not used because it copies free-form JSON (a memory's metadata) through
 * class-transformer, which loses members named like `constructor` or `toString` and fails on some of them.
 *
 * @throws ApiError 400 VALIDATION_FAILED with an entry for each field: `{field: 'filters.user_id', message}`
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type === 'custom' || PLAIN_TYPES.includes(metatype)) return value;
    return validated(metatype as DtoClass, value, type);
  }
}

/**
 * An instance of a DTO class out of parsed JSON (or a query), checked.
 *
 * @param what the value as a whole, as errors name it: `body`, `query`, `row`
 * @throws ApiError 400 VALIDATION_FAILED with an entry for each field
 */
export function validated<T extends object>(dto: new () => T, value: unknown, what: string): T {
  const isMissing = value === undefined && what === 'body';
  const source = isMissing ? {} : value;
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    throw refuse([{ field: what, message: 'must be a JSON object' }]);
  }
  const errors: FieldError[] = [];
  const instance = instantiate(dto, source, { isQuery: what === 'query', errors });
  if (!passes(dto, instance)) collect(validateSync(instance, { forbidUnknownValues: false }), '', errors);
  if (errors.length > 0) {
    throw refuse(errors, isMissing ? 'This request needs a JSON body; errors says what in it.' : undefined);
  }
  return instance as T;
}

function collect(found: readonly ValidationError[], path: string, errors: FieldError[]): void {
  for (const { property, constraints, children } of found) {
    const field = path + property;
    for (const message of Object.values(constraints ?? {})) errors.push({ field, message });
    collect(children ?? [], `${field}.`, errors);
  }
}

function refuse(errors: readonly FieldError[], detail?: string): ApiError {
  return new ApiError(400, 'VALIDATION_FAILED', detail ?? 'The request is not acceptable; errors says why.', {
    errors: errors.slice(0, MAX_ERRORS_SHOWN),
  });
}
