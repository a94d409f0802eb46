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

/** Capability of an engine whose nodes can be scraped by Prometheus, each of them. */
export type Metrics = Scraped & (Exporters | OwnEndpoint);

interface Scraped {
  /** Job of the scrape configuration that they are targets of. */
  readonly job: string;
  /** Real causes of the alerts about the engine. Default: none. */
  readonly alertDrills?: readonly AlertDrill[];
  /** Why an alert about the engine has no drill, as the end of a sentence, by its name. */
  readonly notDrilled?: Readonly<Record<string, string>>;
}

/** A program beside each node. */
export interface Exporters {
  readonly image: ImageSpec;
  /** The engine in parts that have users of their own each. Default: all of its nodes share theirs. */
  readonly userStores?: (running: RunningEngine) => readonly RunningEngine[];
  /** Makes the login of the exporters in such a part, with the least rights, or gives it its password again. */
  readonly grant: (store: RunningEngine) => Promise<void>;
  /** Takes that login away. Nothing happens where there is none. */
  readonly revoke: (store: RunningEngine) => Promise<void>;
  readonly exporterOf: (running: RunningEngine, node: NodeHandle) => Exporter;
}

/** The servers themselves. */
interface OwnEndpoint {
  /** Port of `/metrics` in the stack's network. */
  readonly port: number;
  /** What Prometheus shows them, as a bearer token. */
  readonly token: (running: RunningEngine) => string;
}

export function hasExporters(metrics: Metrics): metrics is Scraped & Exporters {
  return 'exporterOf' in metrics;
}
