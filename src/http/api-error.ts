import { HttpException } from '@nestjs/common';

/** One thing wrong with a request: the field as the API spells it (`filters.user_id`), and what is wrong with it. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface ApiErrorOptions {
  /** What is wrong, field by field; shown in the answer's `errors`. */
  errors?: readonly FieldError[];
  /** Response headers that belong to this refusal, such as `Retry-After`. */
  headers?: Readonly<Record<string, string>>;
  /** What brought it about; logged when the status is 5xx, never shown. */
  cause?: unknown;
}

/**
 * A refusal that the caller is meant to read: every deliberate non-2xx answer of the service is one of these.
 *
 * `code` is a stable word in capitals that a program may compare; `detail` is a sentence for a person. Both go
 * out as written, so `detail` must come from the source code, never from a driver, a stack or someone's data.
 */
export class ApiError extends HttpException {
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, detail: string, options: ApiErrorOptions = {}) {
    super(detail, status, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.detail = detail;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

/**
 * 400 VALIDATION_FAILED: the one refusal of a request that is well-formed, and asks for what cannot be.
 *
 * @param what is not acceptable, as the sentence calls it
 */
export function unacceptable(errors: readonly FieldError[], what = 'request'): ApiError {
  return new ApiError(400, 'VALIDATION_FAILED', `The ${what} is not acceptable; errors says why.`, {
    errors,
  });
}
