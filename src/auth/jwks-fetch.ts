/** From the first packet to the last byte. */
const TIMEOUT_MS = 5_000;

/** Far above the few keys an identity provider shows, far below what would hurt. */
const MAX_BYTES = 64 * 1024;

/**
 * Fetches a JWKS document. Redirects are not followed: the configured address is the one that is trusted.
 *
 * @throws Error on anything but a JSON object with a `keys` list, of bounded size, in bounded time
 */
export async function fetchJwks(url: string): Promise<{ keys: unknown[] }> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`the answer was ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    // Leaving the loop cancels the body and with it the connection.
    if (size > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  let document: { keys?: unknown } | null;
  try {
    document = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Error('the answer is not JSON');
  }
  const keys = document?.keys;
  if (!Array.isArray(keys)) throw new Error('the answer has no list "keys"');
  return { keys: keys.filter((key) => typeof key === 'object' && key !== null) };
}
