/** Whether something is done, and why it was or was not, for the line that tells of it. */
export interface Decision {
  readonly act: boolean;
  readonly reason: string;
}
