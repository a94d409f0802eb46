import type { ImageSpec } from '../../containers/images/image-spec.ts';
import type { NodeHandle, NodeSpec } from '../../containers/nodes/node-spec.ts';
import type { AlertDrill } from './alert-drills.ts';
import type { RunningEngine } from './topology.ts';

/** What answers for one node, and where. */
export interface Exporter {
  /** It is in the stack's network, and publishes no port. */
  readonly spec: NodeSpec;
  /** Port of `/metrics` in that network. */
  readonly port: number;
}

/** Capability of an engine whose nodes can be scraped by Prometheus: an exporter beside each of them. */
export interface Metrics {
  /** Job of the scrape configuration that the exporters are targets of. */
  readonly job: string;
  readonly image: ImageSpec;
  /** Makes the login of the exporters, with the least rights, or gives it its password again. */
  readonly grant: (running: RunningEngine) => Promise<void>;
  /** Takes that login away. Nothing happens where there is none. */
  readonly revoke: (running: RunningEngine) => Promise<void>;
  readonly exporterOf: (running: RunningEngine, node: NodeHandle) => Exporter;
  /** Real causes of the alerts about the engine. Default: none. */
  readonly alertDrills?: readonly AlertDrill[];
  /** Why an alert about the engine has no drill, as the end of a sentence, by its name. */
  readonly notDrilled?: Readonly<Record<string, string>>;
}
