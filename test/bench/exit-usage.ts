import { writeFileSync } from 'node:fs';

// Loaded into a command that is to be measured (`node --import`): writes what the process has used to the file
// USAGE_FILE when it ends.

export interface ExitUsage {
  /** User and system time, seconds. */
  readonly cpu: number;
  /** The most memory that was resident at any time, bytes. */
  readonly peakRss: number;
}

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage: ExitUsage = { cpu: (userCPUTime + systemCPUTime) / 1e6, peakRss: maxRSS * 1024 };
  writeFileSync(process.env.USAGE_FILE!, JSON.stringify(usage));
});
