import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn } from 'class-validator';
import { Absent, IsName, IsVaultId } from '../http/field.validators.js';
import { PageDto } from '../http/page.dto.js';
import type { Vault, VaultStatus } from './vault.entity.js';

const STATUSES: readonly VaultStatus[] = ['active', 'suspended', 'erasing', 'erased'];

/** What a vault holds that the caller may see. */
export class VaultUsageDto {
  /** Living memories. */
  memories: number;
  /** Users with memories. */
  users: number;
  sessions: number;
  waypoints: number;
}

export class OwnVaultDto {
  vault_id: string;
  name: string;
  /** Whether users see the memories that have no owner. */
  share_unowned: boolean;
  /** In milliseconds since 1970; null as long as nothing was written, and for a user's token. */
  @ApiProperty({ type: Number, nullable: true })
  created_at: number | null;
  /** Of the whole vault for a service token, of the user for a user's. */
  usage: VaultUsageDto;
}

export class ChangeVaultDto {
  /** What operators read beside the id. */
  @Absent()
  @IsName()
  name?: string;

  /** Whether users see the memories that have no owner; they can never change them. */
  @Absent()
  @IsBoolean()
  share_unowned?: boolean;
}

export class CreateVaultDto {
  /** 1 to 128 ASCII letters, digits, `.`, `_`, `:` or `-`, the first a letter or digit. */
  @ApiProperty({ example: 'acme' })
  @IsVaultId()
  vault_id: string;

  /** The id when absent. */
  @Absent()
  @IsName()
  name?: string;

  @Absent()
  @IsBoolean()
  share_unowned?: boolean;
}

/** A vault as an operator sees it: its state and counters, nothing of what it holds. */
export class VaultDto {
  vault_id: string;
  name: string;
  @ApiProperty({ enum: STATUSES })
  status: string;
  share_unowned: boolean;
  created_at: number;
  updated_at: number;
  @ApiProperty({ type: Number, nullable: true })
  erased_at: number | null;

  static of(vault: Omit<Vault, 'status'> & { readonly status: string }): VaultDto {
    return {
      vault_id: vault.vaultId,
      name: vault.name,
      status: vault.status,
      share_unowned: vault.shareUnowned,
      created_at: vault.createdAt,
      updated_at: vault.updatedAt,
      erased_at: vault.erasedAt,
    };
  }
}

export class CountedVaultDto extends VaultDto {
  /** Memories; expired ones count until they are swept. */
  memories: number;
  /** Owners of memories; "nobody" is one. */
  owners: number;
}

export class VaultListDto {
  /** By id, in byte order. */
  items: CountedVaultDto[];
  /** For the next page; null on the last. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}

export class ListVaultsDto extends PageDto {
  @ApiPropertyOptional({ enum: STATUSES })
  @Absent()
  @IsIn(STATUSES)
  status?: VaultStatus;
}

/** What erasing a vault did. */
export class ErasureReceiptDto {
  vault_id: string;
  @ApiProperty({ enum: ['erased'] })
  status: string;
  erased_at: number;
  /** Rows deleted of each table. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' } })
  deleted: Record<string, number>;
  /** Rows left of each table with tenants that the database knows: 0 everywhere. The tombstone is not counted. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' } })
  left: Record<string, number>;
}
