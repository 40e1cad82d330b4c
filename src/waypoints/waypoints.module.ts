import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Memory } from '../memories/memory.entity.js';
import { VaultsModule } from '../vaults/vaults.module.js';
import { AutomaticWaypoints } from './automatic-waypoints.js';
import { EdgeReader } from './edge-reader.js';
import { Waypoint } from './waypoint.entity.js';
import { WaypointLister } from './waypoint-lister.js';
import { WaypointWalker } from './waypoint-walker.js';
import { WaypointsController } from './waypoints.controller.js';
import { WaypointsService } from './waypoints.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Memory, Waypoint]), VaultsModule],
  controllers: [WaypointsController],
  providers: [WaypointsService, WaypointLister, WaypointWalker, EdgeReader, AutomaticWaypoints],
  exports: [AutomaticWaypoints, WaypointLister, WaypointWalker, WaypointsService],
})
export class WaypointsModule {}
