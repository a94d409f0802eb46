import { setTimeout as delay } from 'node:timers/promises';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { startContainer } from '../../../containers/nodes/nodes.ts';
import { untilReady } from '../../../containers/nodes/until-ready.ts';
import { docker } from '../../../containers/runtime/docker.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { findContainers } from '../../../containers/runtime/objects.ts';
import type { AlertDrill, AlertPlace, AsSpecified } from '../../contract/alert-drills.ts';
import type { EngineCore } from '../../contract/engine.ts';
import type { Exporter } from '../../contract/metrics.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';

/** What an engine's own `Down` alert is held to: the first node is gone, silent, or nothing is known of it. */
export function downDrills(options: {
  readonly alert: string;
  readonly probe: EngineCore['probe'];
  /** Default: the server answers Prometheus itself. */
  readonly exporterOf?: (running: RunningEngine, node: NodeHandle) => Exporter;
  /** What the specification's expression makes of each. Default: it has no such alert. */
  readonly asSpecified?: Readonly<Record<'killed' | 'paused' | 'exporterKilled', AsSpecified>>;
}): readonly AlertDrill[] {
  const { alert, probe, exporterOf, asSpecified } = options;
  const specified = (cause: 'killed' | 'paused' | 'exporterKilled') =>
    asSpecified === undefined ? {} : { asSpecified: asSpecified[cause] };
  const faulty =
    (kind: 'kill' | 'pause') =>
    async ({ running, faults, signal }: AlertPlace) => {
      const node = firstNode(running);
      await faults.inject({ kind, node: node.name });
      return async () => {
        await faults.heal(node.name);
        await untilReady(node, { probe: () => probe(node, running.secrets), signal });
      };
    };
  return [
    { alert, cause: 'the server is killed', ...specified('killed'), make: faulty('kill') },
    { alert, cause: 'the server hangs', ...specified('paused'), make: faulty('pause') },
    ...(exporterOf === undefined
      ? []
      : [
          {
            alert,
            cause: 'its exporter is killed',
            ...specified('exporterKilled'),
            make: async ({ running }: AlertPlace) => {
              const node = firstNode(running);
              return killMonitoring(node.network, exporterOf(running, node).spec.name);
            },
          },
        ]),
  ];
}

/** Does this again and again, with a pause after each, until it is ended. What goes wrong with it, the end throws. */
export function goOn(work: () => Promise<void>, pauseMs: number, signal: AbortSignal): () => Promise<void> {
  const over = new AbortController();
  const ending = AbortSignal.any([signal, over.signal]);
  const going = (async () => {
    while (!ending.aborted) {
      await work();
      await delay(pauseMs, undefined, { signal: ending }).catch(() => {});
    }
  })();
  going.catch(() => {});
  return () => {
    over.abort();
    return going;
  };
}

/** Kills one of the containers that watch a stack. Returns what starts it again. */
export async function killMonitoring(stackName: string, name: string): Promise<() => Promise<void>> {
  const found = await findContainers({ [labelNames.beside]: stackName, [labelNames.node]: name });
  const [container] = found;
  if (container === undefined) throw new Error(`${name} does not watch ${stackName}`);
  await (await docker()).getContainer(container.id).kill({ signal: 'SIGKILL' });
  return () => startContainer(container.id);
}
