import type { RejoinReport } from '../../../sandbox/engines/contract/failover.ts';
import type { Random } from '../../../seeds/random/random.ts';
import type { History } from '../../history.ts';
import type { FailoverSubject } from '../subject.ts';
import type { Clients } from './clients.ts';
import type { Observer } from './observer.ts';

/** What the steps of a schedule work with. */
export interface DrillRun {
  readonly subject: FailoverSubject;
  readonly history: History;
  readonly clients: Clients;
  readonly observer: Observer;
  /** From the seed: the same seed gives the same times. */
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Whether nothing is acknowledged between a failover and the old primary's return. */
  readonly needsOldPrimary: boolean;
  /** What old primaries gave up when they came back. */
  readonly rejoined: RejoinReport[];
}
