import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { Absent } from '../http/field.validators.js';
import { DEFAULT_VAULT } from '../vaults/vault-id.js';
import { ENFORCEMENTS } from './flags.js';
import { PHASES } from './phases.js';
import { MAX_DAYS } from './rollout-days.js';
import type { RolloutReport } from './rollout.service.js';

/** Clients that are shown. */
const MOST_CLIENTS = 100;

export class RolloutQueryDto {
  /** UTC days of requests to look at, today the last of them; 30 when absent. */
  @Absent()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_DAYS)
  days?: number;
}

export class FlagValueDto {
  @ApiProperty({ example: 'recall.waypoints' })
  flag: string;
  @ApiProperty({ oneOf: [{ type: 'boolean' }, { type: 'string' }] })
  value: boolean | string;
}

/** Requests of one client with tokens that have no vault claim. */
export class VaultlessClientDto {
  /** The token's `client_id`, else its `azp`, else `user:` and the user, else `service`; `other` stands for many. */
  client: string;
  count: number;
  /** Those of them that came while the mode was shadow. */
  in_shadow: number;
  /** A UTC day. */
  @ApiProperty({ example: '2026-03-01' })
  first_seen: string;
  /** A UTC day. */
  @ApiProperty({ example: '2026-03-02' })
  last_seen: string;
}

/** Requests with tokens that have no vault claim: what `enforced` would have refused, and nothing else. */
export class VaultlessRequestsDto {
  /** The first UTC day that was looked at. */
  @ApiProperty({ example: '2026-02-01' })
  since: string;
  total: number;
  /** Those of them that came while the mode was shadow. */
  in_shadow: number;
  /** How many clients there are. */
  client_count: number;
  /** The hundred with the most requests. */
  clients: VaultlessClientDto[];
}

export class EnforcementDto {
  /** That of default-vault, where tokens without a vault claim work if they do. */
  @ApiProperty({ enum: ENFORCEMENTS })
  mode: string;
  /** The vault whose flag says so. */
  @ApiProperty({ example: 'default-vault' })
  vault_id: string;
  /** Null for every vault but default-vault. */
  @ApiProperty({ type: VaultlessRequestsDto, nullable: true })
  tokens_without_vault: VaultlessRequestsDto | null;
}

export class NextStepDto {
  @ApiProperty({ enum: PHASES })
  phase: string;
  /** What it would change for this vault, a sentence each. */
  changes: string[];
  /** The settings, commands or requests that make it, in their order. */
  how: string[];
}

/** Where a vault stands in a roll-out, and what its next step would change. */
export class RolloutDto {
  vault_id: string;
  @ApiProperty({ enum: PHASES })
  phase: string;
  flags: FlagValueDto[];
  enforcement: EnforcementDto;
  /** Memories; expired ones count until they are swept. */
  memories: number;
  /** Users who own some of them. */
  users: number;
  /** Memories that belong to nobody. */
  unowned: number;
  /** Null where nothing is left to do. */
  @ApiProperty({ type: NextStepDto, nullable: true })
  next: NextStepDto | null;

  static of({ facts, flags, phase, next }: RolloutReport): RolloutDto {
    const { vaultId, mode, requests, memories, users, unowned } = facts;
    return {
      vault_id: vaultId,
      phase,
      flags: Object.entries(flags).map(([flag, value]: [string, boolean | string]) => ({ flag, value })),
      enforcement: {
        mode,
        vault_id: DEFAULT_VAULT,
        tokens_without_vault: requests && {
          since: requests.since,
          total: requests.total,
          in_shadow: requests.inShadow,
          client_count: requests.clients.length,
          clients: requests.clients.slice(0, MOST_CLIENTS).map((one) => ({
            client: one.client,
            count: one.count,
            in_shadow: one.inShadow,
            first_seen: one.firstSeen,
            last_seen: one.lastSeen,
          })),
        },
      },
      ...{ memories, users, unowned },
      next: next && { phase: next.phase, changes: [...next.changes], how: [...next.how] },
    };
  }
}
