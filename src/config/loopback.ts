const LOOPBACK_HOSTS: readonly string[] = ['127.0.0.1', '::1', 'localhost'];

/**
 * Whether `host` (a bind address, or the host part of a URL, with or without the brackets of IPv6) is this
 * machine alone. Deliberately the three usual spellings and nothing cleverer: what is not listed counts as
 * reachable from outside, which only ever makes the checks that lean on this stricter.
 */
export function isLoopback(host: string): boolean {
  return LOOPBACK_HOSTS.includes(host.replace(/^\[(.*)\]$/, '$1').toLowerCase());
}
