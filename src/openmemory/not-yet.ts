import { ApiError } from '../http/api-error.js';

/** 501 for what a later version will have. */
export function notYet(): ApiError {
  return new ApiError(501, 'NOT_IMPLEMENTED', 'This version does not do that yet.');
}
