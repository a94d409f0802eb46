import type { WriteOutcome } from '../../sandbox/engines/contract/workloads.ts';
import type { Findings } from '../checkers/findings.ts';
import type { Actor } from '../failover/drill/recorded-operations.ts';
import type { HistoryEvent } from '../history.ts';

/** What clients of a workload do. */
export interface WorkloadClients<Client> {
  /** Whether a read that is late is an anomaly. */
  readonly showsOrder: boolean;
  /** One operation. A read that came back is `ok`. */
  readonly step: (client: Client, actor: Actor) => Promise<WriteOutcome>;
  /** Reads all there is. Throws where there is no answer. */
  readonly readAll: (client: Client, actor: Actor) => Promise<void>;
}

/** What clients of a workload do, and how it is judged. */
export interface WorkloadKind<Client> extends WorkloadClients<Client> {
  readonly check: (events: readonly HistoryEvent[]) => Findings;
}

/** Share of operations that read, in workloads whose reads tell about order. */
export const readShare = 0.3;
