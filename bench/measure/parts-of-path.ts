import {
  type HopListener,
  type KindShares,
  type ParameterKind,
  parameterKinds,
} from '../../sandbox/engines/contract/bench/query-path.ts';
import { createRecorder, latenciesOf, type Recorder, record } from '../load/latencies.ts';
import type { HopFigures, KindFigures } from './path-figures.ts';

/** Latencies of a path by the kind of its parameters, and of its hops. */
export interface Parts {
  readonly recordKind: (kind: ParameterKind, latencyMs: number) => void;
  readonly recordHop: HopListener;
  readonly kinds: (shares: KindShares) => readonly KindFigures[];
  /** In the order in which they were first made. */
  readonly hops: () => readonly HopFigures[];
}

export function createParts(): Parts {
  const kinds = new Map<ParameterKind, Recorder>();
  const hops = new Map<string, Recorder>();
  const of = <Key>(recorders: Map<Key, Recorder>, key: Key): Recorder => {
    const there = recorders.get(key);
    if (there !== undefined) return there;
    const made = createRecorder();
    recorders.set(key, made);
    return made;
  };
  return {
    recordKind: (kind, latencyMs) => record(of(kinds, kind), latencyMs),
    recordHop: (hop, durationMs) => record(of(hops, hop), durationMs),
    kinds: (shares) => parameterKinds.map((kind) => ({ kind, share: shares[kind], ...figures(of(kinds, kind)) })),
    hops: () => [...hops].map(([hop, recorder]) => ({ hop, ...figures(recorder) })),
  };
}

function figures(recorder: Recorder): Pick<HopFigures, 'samples' | 'p50Us' | 'p99Us'> {
  const { samples, p50Us, p99Us } = latenciesOf(recorder, 0);
  return { samples, p50Us, p99Us };
}
