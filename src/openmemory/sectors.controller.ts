import { Get } from '@nestjs/common';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { SECTORS } from '../memories/sectors.js';
import { StatsService } from '../stats/stats.service.js';
import { OldRoutes } from './old-routes.decorators.js';
import { sectorConfigs } from '../memories/sector-configs.js';

@OldRoutes('sectors')
export class OldSectorsController {
  constructor(private readonly stats: StatsService) {}

  @Get()
  @RequirePermission('read')
  async list() {
    return { sectors: SECTORS, configs: sectorConfigs(), stats: await this.stats.bySector() };
  }
}
