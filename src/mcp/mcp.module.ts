import { Module } from '@nestjs/common';
import { CollectionsModule } from '../collections/collections.module.js';
import { FactsModule } from '../facts/facts.module.js';
import { MemoriesModule } from '../memories/memories.module.js';
import { StatsModule } from '../stats/stats.module.js';
import { WaypointsModule } from '../waypoints/waypoints.module.js';
import { CollectionTools } from './collection-tools.js';
import { ConfigResource } from './config-resource.js';
import { ContextTools } from './context-tools.js';
import { McpController } from './mcp.controller.js';
import { McpEndpoint } from './mcp-endpoint.js';
import { McpServers } from './mcp-servers.js';
import { McpTools } from './mcp-tools.js';
import { OpenMemoryReadingTools } from './openmemory-reading-tools.js';
import { OpenMemoryWritingTools } from './openmemory-writing-tools.js';
import { WaypointTools } from './waypoint-tools.js';

/** The Model Context Protocol, over the services of Cairn's own API. */
@Module({
  imports: [MemoriesModule, CollectionsModule, WaypointsModule, StatsModule, FactsModule],
  controllers: [McpController],
  providers: [
    McpEndpoint,
    McpServers,
    McpTools,
    ConfigResource,
    OpenMemoryReadingTools,
    OpenMemoryWritingTools,
    ContextTools,
    CollectionTools,
    WaypointTools,
  ],
  exports: [McpServers, McpTools],
})
export class McpModule {}
