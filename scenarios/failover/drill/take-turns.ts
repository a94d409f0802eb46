/** Lets works of several run side by side, except for those that have to be alone. */
export interface Turns {
  /** Runs `work` beside others, or, if it `isAlone`, once nothing else runs and while nothing else begins. */
  readonly take: <Value>(isAlone: boolean, work: () => Promise<Value>) => Promise<Value>;
}

/** Turns are given in the order in which they were asked for: one that waits to be alone is not passed by. */
export function createTurns(): Turns {
  const waiting: { readonly isAlone: boolean; readonly begin: () => void }[] = [];
  let running = 0;
  let oneIsAlone = false;
  const giveTurns = (): void => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (oneIsAlone || (next.isAlone && running > 0)) return;
      waiting.shift();
      running += 1;
      oneIsAlone = next.isAlone;
      next.begin();
    }
  };
  return {
    take: async (isAlone, work) => {
      const { promise: turn, resolve: begin } = Promise.withResolvers<void>();
      waiting.push({ isAlone, begin });
      giveTurns();
      await turn;
      try {
        return await work();
      } finally {
        running -= 1;
        oneIsAlone = false;
        giveTurns();
      }
    },
  };
}
