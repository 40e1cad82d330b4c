import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { type ValidationError, validateSync } from 'class-validator';
import { ApiError, type FieldError } from './api-error.js';
import { type DtoClass, instantiate } from './dto-instance.js';

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
    const dto = metatype as DtoClass;
    const isMissing = value === undefined && type === 'body';
    const source = isMissing ? {} : value;
    if (typeof source !== 'object' || source === null || Array.isArray(source)) {
      throw refuse([{ field: type, message: 'must be a JSON object' }]);
    }
    const errors: FieldError[] = [];
    const instance = instantiate(dto, source, { isQuery: type === 'query', errors });
    collect(validateSync(instance, { forbidUnknownValues: false }), '', errors);
    if (errors.length > 0) {
      throw refuse(errors, isMissing ? 'This request needs a JSON body; errors says what in it.' : undefined);
    }
    return instance;
  }
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
