import { ApiProperty } from '@nestjs/swagger';

/** The service as a resource that OAuth guards (RFC 9728). */
export class ResourceMetadataDto {
  /** The address that a token is to be asked for. */
  @ApiProperty({ example: 'https://memory.example.com/mcp' })
  resource: string;

  resource_name: string;

  /** The issuers whose tokens are accepted. */
  @ApiProperty({ example: ['https://login.example.com'] })
  authorization_servers: string[];

  /** How a token is sent. */
  @ApiProperty({ example: ['header'] })
  bearer_methods_supported: string[];

  resource_documentation: string;
}
