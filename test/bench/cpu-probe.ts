/**
 * Loaded into a server that is to be measured (`node --import`): answers each message of its parent with the
 * CPU time that the process has used since it began.
 */
export type CpuReport = NodeJS.CpuUsage;

process.on('message', () => process.send?.(process.cpuUsage() satisfies CpuReport));
// The probe alone must not keep the server from ending.
process.channel?.unref();
