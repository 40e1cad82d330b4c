import { STATUS_CODES } from 'node:http';
import type { FieldError } from './api-error.js';
import type { Failure } from './failure.js';

/** The body of every answer that is not a success: a problem document of RFC 9457. */
export interface Problem {
  /** Always `about:blank`: `code` says what `type` would. */
  type: string;
  /** The name of the status. */
  title: string;
  status: number;
  /** A sentence for a person. */
  detail: string;
  /** `urn:request:` and the request id, under which the log has this request. */
  instance: string;
  /** A stable word for a program. */
  code: string;
  errors?: FieldError[];
}

/** What goes out for a failure, in the shape that the callers of a path expect. */
export interface ErrorAnswer {
  readonly contentType: string;
  readonly body: string;
}

export type ErrorWriter = (failure: Failure, requestId: string) => ErrorAnswer;

export function problemOf(failure: Failure, requestId: string): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[failure.status] ?? 'Error',
    status: failure.status,
    detail: failure.detail,
    instance: `urn:request:${requestId}`,
    code: failure.code,
    ...(failure.errors?.length
      ? { errors: failure.errors.map(({ field, message }) => ({ field, message })) }
      : {}),
  };
}

const writeProblem: ErrorWriter = (failure, requestId) => ({
  contentType: 'application/problem+json; charset=utf-8',
  body: JSON.stringify(problemOf(failure, requestId)),
});

/** The shape of Metamorph's errors: a sentence, a word, and of fields what is the matter with each. */
const writeMetamorphError: ErrorWriter = ({ detail, code, errors }) => ({
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify({
    error: detail,
    code,
    ...(errors?.length
      ? { details: errors.map(({ field, message }) => `${field} ${message}`).join('; ') }
      : {}),
  }),
});

/** Who words the errors of which paths; the first whose prefix fits, so the longest prefixes come first. */
const ERROR_WRITERS: readonly (readonly [prefix: string, writer: ErrorWriter])[] = [
  ['/api/sessions', writeMetamorphError],
  ['/api/memories', writeMetamorphError],
  ['/', writeProblem],
];

/** The writer for a request target as it arrived; one that fits no prefix (`*`, or none) gets a problem. */
export function errorWriterFor(target: string | undefined): ErrorWriter {
  return ERROR_WRITERS.find(([prefix]) => target?.startsWith(prefix))?.[1] ?? writeProblem;
}
