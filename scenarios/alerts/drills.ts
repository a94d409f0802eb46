import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { AlertDrill, AsSpecified, Heal } from '../../sandbox/engines/contract/alert-drills.ts';
import type { EngineWith } from '../../sandbox/engines/contract/engine.ts';
import { firstNode, type TopologyName } from '../../sandbox/engines/contract/topology.ts';
import { alertsAbout, type Rule } from '../../sandbox/monitoring/prometheus-files.ts';
import { durationMs } from '../../sandbox/monitoring/scaled-duration.ts';
import type { Stack } from '../../sandbox/stack/create-stack.ts';
import type { WatchedStack } from './watched-stack.ts';

/** A cause of an alert with what the runner knows of it. */
export interface Drill {
  /** What stands in results: an engine, or `monitoring`. */
  readonly about: string;
  readonly topology: TopologyName;
  readonly alert: string;
  readonly cause: string;
  readonly rule: Rule;
  /** What the alert's label `instance` says. `undefined`: it has none. */
  readonly instance: (stack: Stack) => string | undefined;
  readonly mustFire: boolean;
  readonly asSpecified?: AsSpecified | undefined;
  readonly leadMs?: number | undefined;
  /** The same in scrape intervals, which scale. Default: 0. */
  readonly leadIntervals?: number;
  /** From the healing until the expression can be over, in milliseconds. Default: 0. */
  readonly tailMs?: number;
  /** Ranges of the rule that come on top; default: none. */
  readonly leadRange?: string | undefined;
  readonly tailRange?: string | undefined;
  /** How long the engine is watched before the cause. Default: not at all. */
  readonly history?: string | undefined;
  readonly make: (watched: WatchedStack, signal: AbortSignal) => Promise<Heal>;
}

/** Drills of an engine's own alerts. */
export function drillsOf(engine: EngineWith<'metrics'>): readonly Drill[] {
  const rules = alertsAbout([engine.name]);
  return (engine.metrics.alertDrills ?? []).map((drill) => ofEngine(engine, drill, rules));
}

function ofEngine(engine: EngineWith<'metrics'>, drill: AlertDrill, rules: readonly Rule[]): Drill {
  const { alert, cause, topology = 'standalone', node = firstNode, mustFire = true } = drill;
  const { asSpecified, leadMs, leadRange, tailRange, history = '0s' } = drill;
  const runningIn = (stack: Stack) => stack.engines[engine.name];
  return {
    about: engine.name,
    topology,
    alert,
    cause,
    rule: ruleOf(rules, alert, engine.name),
    instance: (stack) => node(runningIn(stack)).name,
    mustFire,
    asSpecified,
    leadMs,
    leadRange,
    tailRange,
    history,
    make: ({ stack, timeScale }, signal) => {
      const untilHistory = historyFrom(performance.now(), durationMs(history) / timeScale, signal);
      return drill.make({ running: runningIn(stack), faults: stack.faults, timeScale, untilHistory, signal });
    },
  };
}

/** All is scraped when a drill begins: from then on there are samples. */
function historyFrom(beganAtMs: number, historyMs: number, signal: AbortSignal): () => Promise<void> {
  return async () => {
    await poll(() => performance.now() - beganAtMs >= historyMs, {
      timeoutMs: 2 * historyMs + deadlineMs('topologyConverged'),
      intervalMs: 50,
      signal,
      onTimeout: () => new Error('the engine is not watched for long enough'),
    });
  };
}

/** The rule of this name, about this engine where there are several. */
export function ruleOf(rules: readonly Rule[], alert: string, engine: string): Rule {
  const named = rules.filter((rule) => rule.alert === alert);
  const rule = named.find(({ labels }) => labels?.engine === engine) ?? named[0];
  if (rule === undefined) throw new Error(`there is no alert ${alert}`);
  return rule;
}
