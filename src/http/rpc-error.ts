import type { Failure } from './failure.js';

/** An error object of JSON-RPC 2.0 (§5.1). */
export interface RpcError {
  readonly code: number;
  readonly message: string;
}

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const INTERNAL_ERROR = -32603;
/** The first of those that servers may give a meaning: here, what HTTP has a status for and JSON-RPC no code. */
const SERVER_ERROR = -32000;

/** A request that HTTP refused, in the words of JSON-RPC; the status of the answer says more. */
export function rpcErrorOf({ status, code, detail, errors = [] }: Failure): RpcError {
  if (status === 405) {
    return { code: INVALID_REQUEST, message: 'Method not supported. Use POST /mcp with a JSON payload.' };
  }
  const fields = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  return { code: codeOf(status, code), message: fields === '' ? detail : `${detail} (${fields})` };
}

function codeOf(status: number, code: string): number {
  if (code === 'INVALID_JSON') return PARSE_ERROR;
  if (status === 500) return INTERNAL_ERROR;
  return status === 400 || status === 404 || status === 413 ? INVALID_REQUEST : SERVER_ERROR;
}
