import { HttpException } from '@nestjs/common';
import { BusyError } from '../database/busy.error.js';
import { StorageFullError } from '../database/storage-full.error.js';
import { ApiError, type FieldError } from './api-error.js';

/** What an answer says of an error: nothing but what is here may leave the service. */
export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  /** There is no route of this path, whatever its method. */
  readonly unrouted?: boolean;
}

/**
 * What is said when the error itself was not written for the caller (it comes from the framework, a library
 * or a fault of ours): by status, so that no message of theirs can get out.
 */
const BY_STATUS: Readonly<Record<number, readonly [code: string, detail: string]>> = {
  400: ['BAD_REQUEST', 'The request cannot be understood.'],
  401: ['UNAUTHORIZED', 'This route needs a valid credential.'],
  403: ['FORBIDDEN', 'The credential does not allow this.'],
  404: ['NOT_FOUND', 'There is nothing here by this name.'],
  405: ['METHOD_NOT_ALLOWED', 'This path does not know the method; Allow lists those it knows.'],
  406: ['NOT_ACCEPTABLE', 'The answer is not available in the form asked for.'],
  408: ['REQUEST_TIMEOUT', 'The request did not arrive in time.'],
  409: ['CONFLICT', 'The request does not fit the present state.'],
  412: ['PRECONDITION_FAILED', 'The precondition of the request does not hold.'],
  413: ['PAYLOAD_TOO_LARGE', 'The body is larger than this service accepts.'],
  414: ['URI_TOO_LONG', 'A part of the path is longer than any name can be.'],
  415: [
    'UNSUPPORTED_MEDIA_TYPE',
    'The body must be JSON, not compressed, with Content-Type: application/json.',
  ],
  416: ['RANGE_NOT_SATISFIABLE', 'The range asked for does not exist.'],
  417: ['EXPECTATION_FAILED', 'The only expectation this service meets is 100-continue.'],
  422: ['UNPROCESSABLE', 'The request is well-formed, but cannot be carried out.'],
  429: ['TOO_MANY_REQUESTS', 'Too many requests; try again later.'],
  431: ['HEADERS_TOO_LARGE', 'The header of the request is larger than this service accepts.'],
  500: ['INTERNAL_ERROR', 'Something went wrong here; the log has the details under this request id.'],
  503: ['UNAVAILABLE', 'The service cannot take the request now; try again later.'],
  507: ['STORAGE_FULL', 'There is no room to store this; reading goes on.'],
};

/** Errors of the HTTP framework that deserve a better word than their status has. */
const BY_FRAMEWORK_CODE: Readonly<Record<string, Failure>> = {
  FST_ERR_BAD_URL: {
    status: 400,
    code: 'INVALID_URL',
    detail: 'The path must be percent-encoded UTF-8.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'INVALID_CONTENT_LENGTH',
    detail: 'The body is not as long as Content-Length says.',
  },
};

/** The catalogue's words for a status. A status it does not hold becomes 400 or 500. */
export function failureOfStatus(status: number, headers?: Readonly<Record<string, string>>): Failure {
  const known = status in BY_STATUS ? status : status >= 400 && status < 500 ? 400 : 500;
  const [code, detail] = BY_STATUS[known];
  return { status: known, code, detail, headers };
}

/** What the caller is told of `error`, whatever was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) {
    const { code, detail, errors, headers } = error;
    return { status: error.getStatus(), code, detail, errors, headers };
  }
  if (error instanceof BusyError) {
    return failureOfStatus(503, { 'Retry-After': String(Math.max(1, Math.ceil(error.retryAfterSeconds))) });
  }
  if (error instanceof StorageFullError) return failureOfStatus(507);
  if (error instanceof HttpException) {
    // The platform wraps errors of the HTTP framework; the original has the telling code.
    return frameworkFailure(error.cause) ?? failureOfStatus(error.getStatus());
  }
  return frameworkFailure(error) ?? failureOfStatus(500);
}

/** A 4xx that Fastify or one of its plugins raised, told from errors that merely happen to have a status. */
function frameworkFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined;
  const ofFramework = error.name === 'FastifyError' || 'expose' in error || code === 'ECONNRESET';
  if (!ofFramework) return undefined;
  return BY_FRAMEWORK_CODE[String(code)] ?? failureOfStatus(statusCode);
}
