import { ValidateIf, type ValidationOptions, registerDecorator } from 'class-validator';
import { isUserId } from '../tenancy/scope.js';
import { isVaultId } from '../vaults/vault-id.js';

/** What is said of a text that is not storable. */
export const UNSTORABLE = 'must be well-formed Unicode text without U+0000';

/** Whether every database gives a text back as it was stored; see `IsStorableText`. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

/** A class-validator decorator of a check on one value. */
function valueCheck(name: string, check: (value: unknown) => boolean, message: string) {
  return (options?: ValidationOptions): PropertyDecorator =>
    (target, property) =>
      registerDecorator({
        name,
        target: target.constructor,
        propertyName: property as string,
        options: { message, ...options },
        validator: { validate: check },
      });
}

/**
 * Text that every database gives back as it was stored: without U+0000 (PostgreSQL refuses it) and without
 * lone surrogates (they have no UTF-8 form, so they would come back as U+FFFD).
 */
export const IsStorableText = valueCheck(
  'isStorableText',
  (value) => typeof value === 'string' && isStorable(value),
  UNSTORABLE,
);

/** A name that stands in keys and URLs: 1 to 255 characters, none of them a control character. */
export const IsName = valueCheck(
  'isName',
  (value) =>
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= 255 &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value),
  'must be 1 to 255 characters of well-formed text without control characters',
);

export const IsUserId = valueCheck(
  'isUserId',
  isUserId,
  'must be 1 to 256 characters of well-formed text without U+0000',
);

/** The id of what may be there already: adopted databases hold ids that nothing new could be given. */
export const IsKnownId = valueCheck(
  'isKnownId',
  (value) => typeof value === 'string' && value !== '' && isStorable(value),
  'must be one or more characters of well-formed text without U+0000',
);

export const IsVaultId = valueCheck(
  'isVaultId',
  isVaultId,
  'must be 1 to 128 ASCII letters, digits, ".", "_", ":" or "-", the first a letter or digit',
);

export const MAX_METADATA_CHARACTERS = 65_536;

/** A JSON object of at most 65,536 characters when written out. */
export const IsMetadata = valueCheck(
  'isMetadata',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    JSON.stringify(value).length <= MAX_METADATA_CHARACTERS,
  `must be a JSON object of at most ${MAX_METADATA_CHARACTERS} characters`,
);

/** The last millisecond that a JavaScript Date can hold (ECMA-262, Time Values). */
export const MAX_TIME = 8.64e15;

/** Milliseconds since 1970, as an integer. */
export const IsTime = valueCheck(
  'isTime',
  (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TIME,
  'must be an integer: milliseconds since 1970-01-01T00:00:00Z',
);

/** The field may be absent; null is a value like any other, and refused as one. */
export const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** In a PATCH: absent leaves the field as it is, null clears it. */
export const Clearable = (): PropertyDecorator =>
  ValidateIf((_, value) => value !== undefined && value !== null);
