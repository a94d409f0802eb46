import { messageOf } from '../../core/errors.ts';

/** What a broker does off the path of any test: nobody waits for it, and what goes wrong is remembered. */
export interface BackgroundWork {
  readonly follow: (what: string, work: Promise<unknown>) => void;
  readonly noteProblem: (problem: string) => void;
  /** The latest last. */
  readonly problems: () => readonly string[];
  /** Waits until nothing is under way any more. */
  readonly settled: () => Promise<void>;
}

/** Problems that are remembered, the latest of them. */
const problemsMax = 20;

export function backgroundWork(): BackgroundWork {
  const underWay = new Set<Promise<unknown>>();
  const problems: string[] = [];
  return { follow, noteProblem, problems: () => [...problems], settled };

  function follow(what: string, work: Promise<unknown>): void {
    const done = work.catch((thrown) => noteProblem(`${what}: ${messageOf(thrown)}`));
    underWay.add(done);
    done.then(() => underWay.delete(done));
  }

  function noteProblem(problem: string): void {
    problems.push(problem);
    if (problems.length > problemsMax) problems.shift();
  }

  async function settled(): Promise<void> {
    while (underWay.size > 0) await Promise.all(underWay);
  }
}
