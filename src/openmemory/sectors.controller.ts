import { Get } from '@nestjs/common';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { SECTORS } from '../memories/sectors.js';
import { OldRoutes } from './old-routes.decorators.js';
import { OldSectors, sectorConfigs } from './old-sectors.js';

@OldRoutes('sectors')
export class OldSectorsController {
  constructor(private readonly sectors: OldSectors) {}

  @Get()
  @RequirePermission('read')
  async list() {
    return { sectors: SECTORS, configs: sectorConfigs(), stats: await this.sectors.figures() };
  }
}
