import { Client, type TestService } from './app.js';

/** A key as the answer to its making has it. */
export interface MadeKey {
  readonly id: string;
  readonly key: string;
}

/** Who may make keys of a vault. */
export function adminOf(service: TestService, vault: string, user?: string): Client {
  const permissions = ['read', 'write', 'delete', 'admin'];
  return service.as(vault, user, user === undefined ? [...permissions, 'vault'] : permissions);
}

/** Has a new key made. @param fields of the request, `name` aside */
export async function makeKey(admin: Client, fields: object = {}): Promise<MadeKey> {
  const { status, body } = await admin.post('/v1/vault/api-keys', { name: 'of a test', ...fields });
  if (status !== 201) throw new Error(`No key was made: ${status}`);
  return body as MadeKey;
}

/** A caller who shows a key. */
export function withKey({ baseUrl }: TestService, key: string): Client {
  return new Client(baseUrl, { 'x-api-key': key });
}
