import type { DatasetSize, SizeName } from './dataset.ts';
import { isSizeName, type SizeCounts, type SizeParameters, sizeNames, sizes } from './sizes.ts';

/** A size that was understood: its canonical text, and every count. */
export interface ReadSize {
  readonly size: DatasetSize;
  readonly parameters: SizeParameters;
}

/** Why a size was not understood, for people. */
export interface SizeProblem {
  readonly problem: string;
  readonly next: string;
  /** The word that is no size's name, where that is what is wrong. */
  readonly unknownName?: string;
}

/** Least and most of each count. Rows are numbered in 32 bits; the cells' concepts are always there. */
const limits: Readonly<Record<keyof SizeParameters, readonly [number, number]>> = {
  users: [1, 100_000_000],
  contents: [0, 100_000_000],
  conversations: [0, 100_000_000],
  concepts: [sizes.small.concepts, 1_000_000],
  knowledge: [1, 100_000_000],
  relationsPerConcept: [0, 100],
};

const countNames = Object.keys(limits) as readonly (keyof SizeParameters)[];

/**
 * A size from its text: a name, counts such as `users=2000,contents=9000` over those of `small`, or both, as in
 * `medium,users=20000`. What it returns is the same for the same counts, however they were written.
 */
export function readSize(text: string): ReadSize | SizeProblem {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const [first = '', ...rest] = parts;
  const named = !first.includes('=');
  if (named && !isSizeName(first)) {
    return { problem: `there is no size \`${first}\``, next: sizeHint, unknownName: first };
  }
  const counts: Partial<Record<keyof SizeParameters, number>> = {};
  for (const part of named ? rest : parts) {
    const [name = '', value = ''] = part.split('=', 2);
    const problem = countProblem(name, value);
    if (problem !== undefined) return problem;
    if (Object.hasOwn(counts, name)) return { problem: `\`${name}\` is given twice`, next: sizeHint };
    counts[name as keyof SizeParameters] = Number(value);
  }
  return sizeWith(named && isSizeName(first) ? first : 'small', counts);
}

/** {@link readSize} of what a program gives: a text, or counts over those of a named size. */
export function readSizeOption(size: DatasetSize | SizeCounts, counts: SizeCounts = {}): ReadSize | SizeProblem {
  if (typeof size !== 'string' && !isCounts(size)) return { problem: 'a size is a name or counts', next: sizeHint };
  if (!isCounts(counts)) return { problem: '`counts` are numbers by their names', next: sizeHint };
  const base = typeof size === 'string' ? size : 'small';
  const own = Object.entries({ ...(typeof size === 'string' ? {} : size), ...counts }).filter(
    ([, value]) => value !== undefined,
  );
  // As text, a list of one number would read as the number.
  const other = own.find(([, value]) => typeof value !== 'number');
  if (other !== undefined) return { problem: `${other[0]}: a count is a number`, next: sizeHint };
  return readSize([base, ...own.map(([name, value]) => `${name}=${value}`)].join(','));
}

/** A plain object, of whichever realm: of a list, a map or nothing at all, all counts would be those of `small`. */
function isCounts(value: unknown): value is SizeCounts {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

export function isDatasetSize(text: string): text is DatasetSize {
  const read = readSize(text);
  return !('problem' in read) && read.size === text;
}

const sizeHint = `Use one of ${sizeNames.join(', ')}, or counts such as users=2000,contents=9000.`;

function countProblem(name: string, value: string): SizeProblem | undefined {
  const range = Object.hasOwn(limits, name) ? limits[name as keyof SizeParameters] : undefined;
  if (range === undefined) return { problem: `there is no count \`${name}\``, next: `Use: ${countNames.join(', ')}.` };
  const [least, most] = range;
  const count = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (count >= least && count <= most) return undefined;
  const next = `Write a whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}.`;
  return { problem: `${name}: \`${value}\` is not valid`, next };
}

function sizeWith(base: SizeName, counts: SizeCounts): ReadSize {
  const different = countNames.filter((name) => counts[name] !== undefined && counts[name] !== sizes[base][name]);
  const text = [base, ...different.map((name) => `${name}=${counts[name]}`)].join(',');
  return { size: text as DatasetSize, parameters: { ...sizes[base], ...counts } };
}
