import type { Config } from '../config/config.js';
import type { ResourceMetadataDto } from './resource-metadata.dto.js';

export type ProtectedResource = NonNullable<Config['auth']['protectedResource']>;

export const METADATA_PATH = '/.well-known/oauth-protected-resource';

/** Where MCP is served: clients of it take it for a resource of its own. */
const MCP_PATH = '/mcp';

/** @param path of the resource behind the service's own address: empty, or that of MCP */
export function metadataOf({ publicUrl, issuer }: ProtectedResource, path: '' | '/mcp'): ResourceMetadataDto {
  return {
    resource: publicUrl + path,
    resource_name: 'Cairn',
    authorization_servers: [issuer],
    // Names of permissions differ between providers, so none are asked for.
    bearer_methods_supported: ['header'],
    resource_documentation: `${publicUrl}/docs`,
  };
}

/** Where a refused request finds the description of what it asked for. @param target of the request */
export function metadataUrl({ publicUrl }: ProtectedResource, target = ''): string {
  const path = target.split('?', 1)[0];
  const isMcp = path === MCP_PATH || path.startsWith(`${MCP_PATH}/`);
  return `${publicUrl}${METADATA_PATH}${isMcp ? MCP_PATH : ''}`;
}
