import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Vault } from './vault.entity.js';
import { VaultsService } from './vaults.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Vault])],
  providers: [VaultsService],
  exports: [VaultsService],
})
export class VaultsModule {}
