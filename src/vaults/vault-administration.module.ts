import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Memory } from '../memories/memory.entity.js';
import { RowEraser } from '../operations/row-eraser.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysModule } from './api-keys.module.js';
import { OwnVaultController } from './own-vault.controller.js';
import { OwnVaultService } from './own-vault.service.js';
import { VaultOperations } from './vault-operations.js';
import { VaultsController } from './vaults.controller.js';
import { VaultsModule } from './vaults.module.js';

/** The routes of vaults: a vault's own, and the operator's. `VaultsModule` is what everybody else needs. */
@Module({
  imports: [TypeOrmModule.forFeature([Memory, Waypoint]), ApiKeysModule, VaultsModule],
  controllers: [ApiKeysController, OwnVaultController, VaultsController],
  providers: [OwnVaultService, VaultOperations, RowEraser],
  exports: [VaultOperations],
})
export class VaultAdministrationModule {}
