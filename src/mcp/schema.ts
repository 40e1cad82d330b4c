import type { JSONObject } from '@modelcontextprotocol/server';

/** The JSON Schema of an object that has these members and no others. */
export function schema(properties: JSONObject, ...required: string[]) {
  return {
    type: 'object' as const,
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}
