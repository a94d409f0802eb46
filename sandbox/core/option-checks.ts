import { types } from 'node:util';
import { SandboxError } from './errors.ts';
import { shownValue } from './text/shown-value.ts';
import { suggestionFor } from './text/suggestion.ts';

/** Throws `BAD_OPTION` for a value that an option does not take. */
export type OptionCheck = (option: string, value: unknown) => void;

/** What each option takes: one without a check does not compile. */
export type OptionChecks<Options> = { readonly [Option in keyof Required<Options>]: OptionCheck };

/** What a timer of Node.js takes at most, in milliseconds; beyond, it would be 1 (Node.js documentation, `setTimeout`). */
export const durationMsMax = 2_147_483_647;

/**
 * Holds the options that somebody gave to a function against what it takes; `undefined` is not given. Throws `BAD_OPTION`
 * for one that there is not, since it would be passed over in silence, and for a value that does not do.
 */
export function checkOptionsOf<Options>(taker: string, given: unknown, checks: OptionChecks<Options>): void {
  checkMapping(`what ${taker} is given`, given);
  const known = Object.keys(checks);
  for (const [option, value] of Object.entries(given)) {
    if (value !== undefined && !known.includes(option)) throw unknownOption(taker, option, known);
  }
  checkValues(given, checks);
}

/** {@link checkOptionsOf} for those that have a check; what else there is, is somebody else's. */
export function checkValues<Options>(given: object, checks: OptionChecks<Options>): void {
  for (const [option, check] of Object.entries<OptionCheck>(checks)) {
    const value = (given as Readonly<Record<string, unknown>>)[option];
    if (value !== undefined) check(option, value);
  }
}

/** A plain object: of a list, a map or a promise it would be said that it asks for nothing. */
export function checkMapping(option: string, value: unknown): asserts value is Readonly<Record<string, unknown>> {
  if (!isPlain(value)) throw badValue(option, value, 'a plain object');
}

export function checkFlag(option: string, value: unknown): void {
  if (typeof value !== 'boolean') throw badValue(option, value, 'true or false');
}

/** A text that is not empty, and that can be part of a path. */
export function checkText(option: string, value: unknown): void {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return;
  throw badValue(option, value, 'a text that is not empty');
}

export function checkFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') throw badValue(option, value, 'a function');
}

/** Of whatever realm: a test runner may have its own `AbortSignal`. */
export function checkSignal(option: string, value: unknown): void {
  const { aborted, addEventListener } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') {
    throw badValue(option, value, 'an AbortSignal');
  }
}

export function checkDate(option: string, value: unknown): void {
  if (!types.isDate(value) || Number.isNaN(value.getTime())) throw badValue(option, value, 'a Date that is valid');
}

/** What stores are loaded from, whoever made it. */
export function checkDataset(option: string, value: unknown): void {
  const { counts, batches, fingerprint } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof counts === 'object' && typeof batches === 'function' && typeof fingerprint === 'function') return;
  throw badValue(option, value, 'what `createDataset` or `importDataset` gives');
}

export function numberCheck(least: number, most: number): OptionCheck {
  return (option, value) => {
    if (typeof value === 'number' && value >= least && value <= most) return;
    throw badValue(option, value, `a number from ${least} to ${most}`);
  };
}

export function wholeNumberCheck(least: number, most = Number.MAX_SAFE_INTEGER): OptionCheck {
  return (option, value) => {
    if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return;
    throw badValue(option, value, `a whole number from ${least} to ${most}`);
  };
}

export function choiceCheck(known: readonly string[]): OptionCheck {
  return (option, value) => {
    if (typeof value === 'string' && known.includes(value)) return;
    throw badValue(option, value, `one of: ${known.join(', ')}`);
  };
}

/** A list whose items all pass. */
export function listCheck(check: OptionCheck): OptionCheck {
  return (option, value) => {
    if (!Array.isArray(value)) throw badValue(option, value, 'a list');
    for (const [at, item] of value.entries()) check(`${option}[${at}]`, item);
  };
}

/** `BAD_OPTION`: what it is, and what it has to be. */
export function badValue(option: string, value: unknown, wanted: string): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    message: `${option} is ${shownValue(value)}, and has to be ${wanted}.`,
    next: 'Mend it, or leave it out.',
  });
}

/** In any realm: its prototype, where it has one, is that of all objects. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function unknownOption(taker: string, option: string, known: readonly string[]): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    message: `${taker} has no option \`${option}\`.`,
    next: suggestionFor(option, known),
  });
}
