import { nowMs } from '../../../core/clock.ts';
import type { Place } from '../../../engines/contract/isolation.ts';
import type { Keep } from '../protocol/messages.ts';
import type { KeptLease, KeptRecord } from './kept-record.ts';

/** Leases of failed tests: a bounded number, each for a bounded time. */
export interface KeptLeases {
  readonly all: () => readonly KeptLease[];
  readonly get: (id: string) => KeptLease | undefined;
  /** Whether a place belongs to one of them. */
  readonly hasPlace: (id: string) => boolean;
  readonly keep: (lease: Omit<KeptLease, 'sinceMs' | 'untilMs'>, bounds: Keep) => void;
  /** Gives up the one that was kept first of those that are meant, if there is one. */
  readonly dropOldest: (isMeant?: (lease: KeptLease) => boolean) => void;
  readonly drop: (lease: KeptLease) => Promise<void>;
  readonly dropExpired: () => void;
  /** Waits until everything is written down. */
  readonly written: () => Promise<void>;
}

export interface KeptLeasesOptions {
  readonly record: KeptRecord;
  readonly dropPlace: (lease: KeptLease, engine: string, place: Place) => Promise<void>;
  /** Takes what is done off the path of any test. */
  readonly follow: (what: string, work: Promise<unknown>) => void;
}

export async function createKeptLeases({ record, dropPlace, follow }: KeptLeasesOptions): Promise<KeptLeases> {
  const kept = new Map((await record.read()).map((lease) => [lease.id, lease]));
  let writing: Promise<void> = Promise.resolve();
  return { all, get: (id) => kept.get(id), hasPlace, keep, dropOldest, drop, dropExpired, written: () => writing };

  function all(): readonly KeptLease[] {
    // In the order in which they were kept, whatever the clock has said: it may be put back.
    return [...kept.values()];
  }

  function hasPlace(id: string): boolean {
    return all().some(({ places }) => Object.values(places).some((place) => place.id === id));
  }

  function keep(lease: Omit<KeptLease, 'sinceMs' | 'untilMs'>, { atMost, forMs }: Keep): void {
    const sinceMs = nowMs();
    kept.set(lease.id, { ...lease, sinceMs, untilMs: sinceMs + forMs });
    while (kept.size > atMost) dropOldest();
    write();
  }

  function dropOldest(isMeant: (lease: KeptLease) => boolean = () => true): void {
    const oldest = all().find(isMeant);
    if (oldest !== undefined) follow(`the kept lease ${oldest.id}`, drop(oldest));
  }

  function dropExpired(): void {
    const now = nowMs();
    for (const lease of all()) if (lease.untilMs <= now) follow(`the kept lease ${lease.id}`, drop(lease));
  }

  async function drop(lease: KeptLease): Promise<void> {
    kept.delete(lease.id);
    write();
    await Promise.all(Object.entries(lease.places).map(([engine, place]) => dropPlace(lease, engine, place)));
  }

  /** One after the other, each with what there is by then, also after one that failed. */
  function write(): void {
    const next = writing.then(() => record.write(all()));
    follow('the record of kept leases', next);
    writing = next.catch(() => {});
  }
}
