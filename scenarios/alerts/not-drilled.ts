import type { Engine, EngineWith } from '../../sandbox/engines/contract/engine.ts';
import { alertsAbout } from '../../sandbox/monitoring/prometheus-files.ts';
import { monitoring } from './monitoring-drills.ts';

/** An alert without a drill, and why. */
export interface NotDrilled {
  /** An engine, or `monitoring`. */
  readonly about: string;
  readonly alert: string;
  readonly reason: string;
}

/** Every alert about these engines, and about none, that nothing makes the cause of. The cheapest has those about none. */
export function notDrilled(
  engines: readonly EngineWith<'metrics'>[],
  drilled: readonly { readonly about: string; readonly alert: string }[],
  cheapest: Engine,
): readonly NotDrilled[] {
  const ofEngines = engines.flatMap((engine) =>
    alertsAbout([engine.name])
      .filter(({ labels }) => labels?.engine === engine.name)
      .filter(({ alert }) => !drilled.some((each) => each.about === engine.name && each.alert === alert))
      .filter(({ alert }) => alert !== targetMissing || engine !== cheapest)
      .map(({ alert }) => ({ about: engine.name, alert, reason: reasonOf(engine, alert, cheapest) })),
  );
  const ofNone = alertsAbout([])
    .filter(({ alert }) => !drilled.some((each) => each.about === monitoring && each.alert === alert))
    .map(({ alert }) => ({ about: monitoring, alert, reason: reasonsOfNone[alert] ?? noDrill }));
  return [...ofEngines, ...ofNone];
}

const targetMissing = 'TargetMissing';
const noDrill = 'no drill makes its cause yet';

/** Of alerts that are about no engine. */
const reasonsOfNone: Readonly<Record<string, string>> = {
  QualityCheckWarns: 'it takes 2 h, 24 times as long as QualityCheckFailed, and its rule differs in the severity alone',
};

function reasonOf(engine: EngineWith<'metrics'>, alert: string, cheapest: Engine): string {
  if (alert === targetMissing) return `it is drilled for ${cheapest.title}, and the rule is the same`;
  return engine.metrics.notDrilled?.[alert] ?? noDrill;
}
