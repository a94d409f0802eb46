/** One thing about this machine that matters to the sandbox. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly text: string;
  /** What to do about it, where something is to be done. */
  readonly next?: string;
}

/** The machine that the container engine runs on, as far as it can be seen. */
export interface HostMachine {
  /** Whether it is another one, which is reached by ssh. */
  readonly isOther: boolean;
  /** Absent: it cannot be seen, or has no meaning there. */
  readonly hasAvx?: boolean;
}

/** Looks at something that one engine wants of the machine. Changes nothing, and never throws. */
export type HostCheck = (machine: HostMachine) => Finding | Promise<Finding>;
