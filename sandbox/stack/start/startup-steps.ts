/** One step of a start: what was ready when, and what it waited for. Times count from the start of the command. */
export interface StartupStep {
  readonly name: string;
  readonly startedMs: number;
  readonly readyMs: number;
  /** Names of the steps that had to be over before it could begin. */
  readonly waitedFor: readonly string[];
}

/** Collects the steps of one start. */
export interface StartupRecorder {
  readonly step: <Value>(name: string, waitedFor: readonly string[], work: () => Promise<Value>) => Promise<Value>;
  /** Steps in the order in which they were over. */
  readonly steps: readonly StartupStep[];
}

export function createStartupRecorder(): StartupRecorder {
  const beganMs = performance.now();
  const steps: StartupStep[] = [];
  return {
    steps,
    async step(name, waitedFor, work) {
      const startedMs = performance.now() - beganMs;
      const value = await work();
      steps.push({ name, waitedFor, startedMs, readyMs: performance.now() - beganMs });
      return value;
    },
  };
}
