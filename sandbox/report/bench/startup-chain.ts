import type { StartupStep } from '../../stack/start/startup-steps.ts';
import type { Colors } from '../colors.ts';
import { formatDuration } from '../units.ts';

/**
 * The chain of steps that the start as a whole waited for: from the step that was ready last, back through the latest
 * of what each waited for. In the order of time.
 */
function slowestChain(steps: readonly StartupStep[]): readonly StartupStep[] {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const chain: StartupStep[] = [];
  const seen = new Set<string>();
  let current = latest(steps);
  while (current !== undefined && !seen.has(current.name)) {
    seen.add(current.name);
    chain.unshift(current);
    current = latest(current.waitedFor.map((name) => byName.get(name)).filter((step) => step !== undefined));
  }
  return chain;
}

/** The slowest chain as lines: when each step was ready, how long it took, and what it waited for. */
export function formatSlowestChain(steps: readonly StartupStep[], colors: Colors): string {
  const chain = slowestChain(steps);
  if (chain.length === 0) return '';
  const originMs = Math.min(...steps.map(({ startedMs }) => startedMs));
  const width = Math.max(...chain.map(({ name }) => name.length));
  const lines = chain.map((step, index) => {
    const before = chain[index - 1];
    const waited = before === undefined ? '' : colors.dim(`  after ${before.name}`);
    const took = formatDuration(step.readyMs - step.startedMs).padStart(10);
    return `  ${formatDuration(step.readyMs - originMs).padStart(10)}  ${step.name.padEnd(width)} ${took}${waited}`;
  });
  return `Slowest chain of the start (ready at, step, took):\n${lines.join('\n')}\n`;
}

function latest(steps: readonly StartupStep[]): StartupStep | undefined {
  return steps.reduce<StartupStep | undefined>(
    (best, step) => (best === undefined || step.readyMs > best.readyMs ? step : best),
    undefined,
  );
}
