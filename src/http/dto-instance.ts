import { createRequire } from 'node:module';
import { TransformationType } from 'class-transformer';
import type { MetadataStorage } from 'class-transformer/types/MetadataStorage.js';
import { getMetadataStorage } from 'class-validator';
import type { FieldError } from './api-error.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a DTO class has fields of any names and types
export type DtoClass = new () => any;

/** What class-transformer's decorators have noted down; it has no public way to ask. */
const { defaultMetadataStorage: noted } = createRequire(import.meta.url)(
  'class-transformer/cjs/storage.js',
) as {
  defaultMetadataStorage: MetadataStorage;
};

const MAX_NAME_SHOWN = 100;
const DECIMAL = /^-?\d{1,15}(?:\.\d{1,15})?$/;
const TRANSFORM_OPTIONS = {};

interface Task {
  /** Queries are text: numbers and booleans are read from it where `@Type` asks for them. */
  readonly isQuery: boolean;
  readonly errors: FieldError[];
}

type JsonObject = Record<string, unknown>;

/**
 * Makes an instance of a DTO class out of parsed JSON or a query. A member of a class given by `@Type(() =>
 * Class)` becomes an instance too; `@Transform` is applied; everything else is taken over untouched, by reference. Fields without a validation decorator are reported and left out.
 */
export function instantiate(dto: DtoClass, source: object, task: Task, path = ''): object {
  const fields = fieldsOf(dto);
  const instance = new dto() as JsonObject;
  for (const name of Object.keys(source)) {
    if (!fields.has(name)) {
      const field = (path + name.slice(0, MAX_NAME_SHOWN)).toWellFormed();
      task.errors.push({ field, message: 'is not a known field' });
      continue;
    }
    const type = fields.get(name);
    let value = (source as JsonObject)[name];
    if (task.isQuery && typeof value === 'string') value = readText(value, type);
    else if (isDtoClass(type)) value = nested(type, value, task, `${path}${name}`);
    instance[name] = transformed(dto, name, value, source);
  }
  return instance;
}

function nested(dto: DtoClass, value: unknown, task: Task, path: string): unknown {
  // Where one object is meant. Its validators would look at each of its items, which may be many, to refuse it.
  if (Array.isArray(value)) return [];
  return typeof value === 'object' && value !== null ? instantiate(dto, value, task, `${path}.`) : value;
}

/** Text that is not plainly what the type asks for stays text, which the validators then refuse. */
function readText(text: string, type: unknown): unknown {
  if (type === Number) return DECIMAL.test(text) ? Number(text) : text;
  if (type === Boolean) return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

function isDtoClass(type: unknown): type is DtoClass {
  return (
    typeof type === 'function' && ![String, Number, Boolean, Object, Array, Date].includes(type as never)
  );
}

function transformed(dto: DtoClass, name: string, value: unknown, source: object): unknown {
  return noted.findTransformMetadatas(dto, name, TransformationType.PLAIN_TO_CLASS).reduce<unknown>(
    (current, { transformFn }) =>
      transformFn({
        value: current,
        key: name,
        obj: source,
        type: TransformationType.PLAIN_TO_CLASS,
        options: TRANSFORM_OPTIONS,
      }),
    value,
  );
}

const known = new WeakMap<DtoClass, ReadonlyMap<string, unknown>>();

/** The fields of a DTO, each with the type that `@Type` gives it, if any. */
function fieldsOf(dto: DtoClass): ReadonlyMap<string, unknown> {
  let fields = known.get(dto);
  if (!fields) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
    fields = new Map(
      rules.map(({ propertyName }) => [
        propertyName,
        noted.findTypeMetadata(dto, propertyName)?.typeFunction(),
      ]),
    );
    known.set(dto, fields);
  }
  return fields;
}
