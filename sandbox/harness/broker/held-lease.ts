import type { Place, PlaceOwner } from '../../engines/contract/isolation.ts';
import type { WatchedQueries } from './watched-queries.ts';

/** Who has a lease: a connection of a process. */
export interface Holder {
  readonly owner: PlaceOwner;
}

/** A lease that a process has. */
export interface HeldLease {
  readonly id: string;
  readonly label: string;
  readonly holder: Holder;
  readonly sinceMs: number;
  /** By engine, from when each was asked for. */
  readonly asked: Map<string, Promise<Place>>;
  readonly places: Map<string, Place>;
  readonly ended: AbortController;
  /** Where its queries are to be looked at. */
  readonly watched?: WatchedQueries;
}
