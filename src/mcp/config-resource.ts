import { Injectable } from '@nestjs/common';
import {
  LATEST_PROTOCOL_VERSION,
  type ReadResourceResult,
  type Resource,
} from '@modelcontextprotocol/server';
import { sectorConfigs } from '../memories/sector-configs.js';
import { StatsService } from '../stats/stats.service.js';
import { version } from '../version.js';

export const CONFIG_RESOURCE: Resource = {
  uri: 'openmemory://config',
  name: 'openmemory-config',
  mimeType: 'application/json',
  description: 'Runtime configuration snapshot for the OpenMemory MCP server',
};

/** How OpenMemory describes what makes its vectors. Here nothing does. */
const EMBEDDINGS = {
  ...{ provider: 'none', fallback_chain: [], dimensions: 0, mode: 'simple', batch_support: false },
  ...{ advanced_parallel: false, embed_delay_ms: 0, configured: false, type: 'none' },
};

/** The resource that OpenMemory's clients read. Its counts are of what the running scope may see. */
@Injectable()
export class ConfigResource {
  constructor(private readonly stats: StatsService) {}

  async read(tools: readonly string[]): Promise<ReadResourceResult> {
    const config = {
      ...{
        mode: 'standard',
        sectors: sectorConfigs(),
        stats: await this.stats.bySector(),
        embeddings: EMBEDDINGS,
      },
      ...{ server: { version, protocol: LATEST_PROTOCOL_VERSION }, available_tools: tools },
    };
    return { contents: [{ uri: CONFIG_RESOURCE.uri, text: JSON.stringify(config, null, 2) }] };
  }
}
