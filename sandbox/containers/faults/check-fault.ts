import { SandboxError } from '../../core/errors.ts';
import {
  checkMapping,
  checkOptionsOf,
  checkText,
  choiceCheck,
  durationMsMax,
  listCheck,
  numberCheck,
  type OptionCheck,
  wholeNumberCheck,
} from '../../core/option-checks.ts';
import { shownValue } from '../../core/text/shown-value.ts';
import { type FaultKind, faultKinds } from './fault-kinds.ts';

const checkShare = numberCheck(0, 1);
const checkDelay = numberCheck(0, durationMsMax);

/** What a fault says beside its node. */
const boundsOf: Readonly<Partial<Record<FaultKind, Readonly<Record<string, OptionCheck>>>>> = {
  loss: { direction: choiceCheck(['in', 'out', 'both']), peers: listCheck(checkText), probability: checkShare },
  latency: { latencyMs: checkDelay, jitterMs: checkDelay, seed: wholeNumberCheck(0) },
  reset: { probability: checkShare },
  bandwidth: { kilobitsPerS: wholeNumberCheck(1) },
};

/** Bounds without a default. */
const neededOf: Readonly<Partial<Record<FaultKind, string>>> = { latency: 'latencyMs', bandwidth: 'kilobitsPerS' };

/** Before anything is broken by halves. Throws `UNKNOWN_FAULT`, and `BAD_OPTION` for bounds that will not do. */
export function checkFault(fault: unknown): void {
  checkMapping('a fault', fault);
  const { kind } = fault;
  if (typeof kind !== 'string' || !Object.hasOwn(faultKinds, kind)) throw unknownFault(kind);
  const bounds = boundsOf[kind as FaultKind] ?? {};
  const place = kind === 'partition' ? { groups: listCheck(listCheck(checkText)) } : { node: checkText };
  const checks: Readonly<Record<string, OptionCheck>> = { kind: () => {}, ...place, ...bounds };
  checkOptionsOf(`The fault ${kind}`, fault, checks);
  for (const name of [...Object.keys(place), neededOf[kind as FaultKind] ?? []].flat())
    checks[name]?.(name, fault[name]);
}

function unknownFault(kind: unknown): SandboxError {
  return new SandboxError({
    code: 'UNKNOWN_FAULT',
    message: `There is no fault \`${typeof kind === 'string' ? kind : shownValue(kind)}\`.`,
    next: `Use one of: ${Object.keys(faultKinds).join(', ')}.`,
  });
}
