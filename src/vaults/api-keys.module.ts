import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { VerifiedKeys } from '../auth/verified-keys.js';
import { ApiKeyCheck } from './api-key-check.js';
import { ApiKeyUses } from './api-key-uses.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeysService } from './api-keys.service.js';
import { VaultsModule } from './vaults.module.js';

/** API keys: making and revoking them, and knowing them again. */
@Module({
  imports: [TypeOrmModule.forFeature([ApiKey]), VaultsModule],
  providers: [ApiKeyCheck, ApiKeysService, ApiKeyUses, VerifiedKeys],
  exports: [ApiKeyCheck, ApiKeysService, ApiKeyUses, VerifiedKeys],
})
export class ApiKeysModule {}
