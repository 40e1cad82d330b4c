import { STATUS_CODES } from 'node:http';
import type { FieldError } from './api-error.js';
import type { Failure } from './failure.js';
import { isOpenMemoryTarget, writeOpenMemoryError } from './openmemory-errors.js';
import { rpcErrorOf } from './rpc-error.js';

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
  /** Where those callers know another than the failure's. */
  readonly status?: number;
  readonly contentType: string;
  readonly body: string;
}

/** @param target of the request, as it arrived */
export type ErrorWriter = (failure: Failure, requestId: string, target: string | undefined) => ErrorAnswer;

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

/** What a client of MCP reads: an error of JSON-RPC, of no request in particular. */
const writeRpcError: ErrorWriter = (failure) => ({
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify({ jsonrpc: '2.0', error: rpcErrorOf(failure), id: null }),
});

type Fits = (target: string | undefined) => boolean;

const below =
  (prefix: string): Fits =>
  (target) =>
    target?.startsWith(prefix) ?? false;

/** Who words the errors of which paths; the first that fits, so the longest prefixes come first. */
const ERROR_WRITERS: readonly (readonly [fits: Fits, writer: ErrorWriter])[] = [
  [below('/api/sessions'), writeMetamorphError],
  [below('/api/memories'), writeMetamorphError],
  [below('/mcp'), writeRpcError],
  [isOpenMemoryTarget, writeOpenMemoryError],
];

/** What goes out for a failure of a request; a target that fits no prefix (`*`, or none) gets a problem. */
export function errorAnswerOf(failure: Failure, requestId: string, target: string | undefined) {
  const writer = ERROR_WRITERS.find(([fits]) => fits(target))?.[1] ?? writeProblem;
  return { status: failure.status, ...writer(failure, requestId, target) };
}
