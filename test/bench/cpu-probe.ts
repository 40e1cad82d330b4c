/**
 * Loaded into a server that is to be measured (`node --import`): answers each message of its parent with what
 * the process has used since it began.
 */
export interface Usage {
  /** User and system time, microseconds. */
  readonly cpu: number;
  /** Memory resident now, bytes. */
  readonly rss: number;
  /** The most memory that was resident at any time, bytes. */
  readonly peakRss: number;
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const { maxRSS } = process.resourceUsage();
  process.send?.({
    cpu: user + system,
    rss: process.memoryUsage.rss(),
    peakRss: maxRSS * 1024,
  } satisfies Usage);
});
// The probe alone must not keep the server from ending.
process.channel?.unref();
