import { vi } from 'vitest';

/** Sets the clock of the service in this process forward, for as long as mocks are not restored. */
export function later(milliseconds: number): void {
  vi.restoreAllMocks();
  const real = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => real() + milliseconds);
}

/** Sets it forward, to `time`. */
export function clockAt(time: number): void {
  vi.restoreAllMocks();
  later(time - Date.now());
}
