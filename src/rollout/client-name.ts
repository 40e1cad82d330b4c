/** As long as the longest user id, with `user:` before it. */
const MAX_LENGTH = 5 + 256;

/** What moves the cursor of a terminal, or turns the text behind it around. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Stands for clients beyond those that are told apart. */
export const OTHER_CLIENTS = 'other';

/** A client that is a service, and says nothing more of itself. */
const NAMELESS_SERVICE = 'service';

/**
 * The client that a token was issued to, as roll-outs name it: the claim `client_id` (RFC 9068), else `azp`, else
 * `user:` and the user, else `service`. Well-formed, printable text of at most 261 characters.
 *
 * @param userId the user whom the token acts for; absent for a service's
 */
export function clientOf(claims: Readonly<Record<string, unknown>>, userId: string | undefined): string {
  const { client_id: id, azp, sub } = claims;
  for (const claim of [id, azp]) if (isText(claim)) return nameOf(claim);
  const user = userId ?? sub;
  return isText(user) ? clientOfUser(user) : NAMELESS_SERVICE;
}

/** The client that stands for a user whose tokens name no other. */
export function clientOfUser(userId: string): string {
  return nameOf(`user:${userId}`);
}

/** Whether a client is a user. */
export function isUserClient(client: string): boolean {
  return client.startsWith('user:');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function nameOf(text: string): string {
  return text.slice(0, MAX_LENGTH).toWellFormed().replace(UNPRINTABLE, '\ufffd');
}
