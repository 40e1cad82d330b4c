import { ApiProperty } from '@nestjs/swagger';
import { PERMISSIONS, type Permission } from './permissions.js';

/** Who the service takes the caller for. */
export class WhoamiResponse {
  /** The vault that every request with this credential works in. */
  @ApiProperty({ example: 'acme' })
  vault_id: string;

  /** The user within the vault; null for a service, which works for the whole vault. */
  @ApiProperty({ type: String, nullable: true, example: 'u1' })
  user_id: string | null;

  /** What the credential allows. */
  @ApiProperty({ enum: PERMISSIONS, isArray: true, example: ['read', 'write'] })
  permissions: Permission[];

  /** Whether the credential is a service's. */
  @ApiProperty({ example: false })
  service: boolean;
}
