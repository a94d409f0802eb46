import type { QualityAnswer, QualityLimits, QualitySession } from '../../engines/contract/quality.ts';
import type { Check } from '../contracts/contract.ts';
import type { CheckResult } from '../run/report.ts';
import type { Distributions } from './distributions.ts';
import { nameOf } from './distributions.ts';
import { countsOf, driftOf } from './drift.ts';
import type { Counts } from './stability-index.ts';

/** Distributions of one run: each is read once, whoever asks for it. */
export interface DriftSession {
  /** How far the fields of a check have drifted. Throws `NotCompared` where there is nothing to compare them with. */
  readonly answer: (check: Check, session: QualitySession, limits: QualityLimits) => Promise<QualityAnswer>;
  /** Has the next run compared with this one, but for what has drifted too far: that is told until somebody accepts it. */
  readonly remember: (results: readonly CheckResult[]) => Promise<void>;
}

/** Why a distribution is compared with nothing: no fault of the store's. */
export class NotCompared extends Error {}

interface Seen {
  readonly checks: Set<string>;
  readonly counts: Promise<Counts>;
}

/** `known`: absent where nobody remembers. `accept`: see `QualityTarget.acceptDrift`. */
export function createDriftSession(known: Distributions | undefined, accept: boolean): DriftSession {
  const seen = new Map<string, Seen>();
  let before: Promise<ReadonlyMap<string, Counts>> | undefined;
  return {
    answer: async ({ id, contract, ask }, session, limits) => {
      const fields = typeof ask === 'object' && 'drift' in ask ? ask.drift : [];
      if (session.distribution === undefined) throw new NotCompared('this engine cannot be asked for a distribution');
      if (known === undefined) throw new NotCompared('nobody remembers earlier runs of these servers');
      const name = nameOf(contract.engine, contract.place, fields);
      const reading = seen.get(name) ?? {
        checks: new Set(),
        counts: session.distribution(contract.place, fields, limits).then(countsOf),
      };
      seen.set(name, reading);
      reading.checks.add(id);
      const now = await reading.counts;
      if (!accept) before ??= known.read();
      const earlier = (await before)?.get(name);
      // Of a place that was empty there is nothing that could have changed.
      if (earlier !== undefined && Object.keys(earlier).length > 0) return driftOf(fields, earlier, now);
      throw new NotCompared(
        `${accept ? 'accepted' : 'there is no earlier run'}: the next one is compared with this one`,
      );
    },
    remember: async (results) => {
      const failed = new Set(
        results.filter(({ verdict, severity }) => verdict === 'fail' && severity === 'error').map(({ check }) => check),
      );
      const inOrder = [...seen].filter(([, { checks }]) => ![...checks].some((id) => failed.has(id)));
      // What a store did not tell is as it was, and is not waited for: whoever is silent may never tell it.
      const counted = inOrder.map(
        async ([name, { counts }]) => [name, await Promise.race([counts, undefined])] as const,
      );
      const told = (await Promise.allSettled(counted)).flatMap((each) => {
        if (each.status === 'rejected') return [];
        const [name, now] = each.value;
        return now === undefined ? [] : [[name, now] as const];
      });
      if (told.length > 0) await known?.write(new Map(told));
    },
  };
}
