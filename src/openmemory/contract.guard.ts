import { type CanActivate, Injectable } from '@nestjs/common';
import { ApiError } from '../http/api-error.js';
import { Flags } from '../rollout/flags.service.js';
import { TenantContext } from '../tenancy/tenant-context.js';

/** Keeps the old routes from the vaults for which they are switched off. Those for anyone stay: they know no vault. */
@Injectable()
export class ContractGuard implements CanActivate {
  constructor(private readonly flags: Flags) {}

  /** @throws ApiError 404 OPENMEMORY_OFF */
  canActivate(): true {
    if (TenantContext.hasScope() && !this.flags.here()['openmemory-contract']) {
      throw new ApiError(404, 'OPENMEMORY_OFF', 'The routes of OpenMemory are switched off for this vault.');
    }
    return true;
  }
}
