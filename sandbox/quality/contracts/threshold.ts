/** What a count has to be, by the standard's own operators. */
export interface Threshold {
  readonly operator: Operator;
  readonly bound: number | readonly [least: number, most: number];
}

const operators = {
  mustBe: (count, bound) => count === bound,
  mustNotBe: (count, bound) => count !== bound,
  mustBeGreaterThan: (count, bound) => count > bound,
  mustBeGreaterOrEqualTo: (count, bound) => count >= bound,
  mustBeLessThan: (count, bound) => count < bound,
  mustBeLessOrEqualTo: (count, bound) => count <= bound,
} as const satisfies Record<string, (count: number, bound: number) => boolean>;

const ranges = {
  mustBeBetween: (count, [least, most]) => count >= least && count <= most,
  mustNotBeBetween: (count, [least, most]) => count < least || count > most,
} as const satisfies Record<string, (count: number, bounds: readonly [number, number]) => boolean>;

type Operator = keyof typeof operators | keyof typeof ranges;

const words: Readonly<Record<Operator, string>> = {
  mustBe: '',
  mustNotBe: 'not ',
  mustBeGreaterThan: '> ',
  mustBeGreaterOrEqualTo: '>= ',
  mustBeLessThan: '< ',
  mustBeLessOrEqualTo: '<= ',
  mustBeBetween: '',
  mustNotBeBetween: 'not ',
};

/** No violation at all. */
const none: Threshold = { operator: 'mustBe', bound: 0 };

/** Reads the one operator that a check has; default: `mustBe: 0`. Returns what is wrong as a text. */
export function readThreshold(check: Readonly<Record<string, unknown>>): Threshold | string {
  // One that is misspelt would be the default instead.
  const unknown = Object.keys(check).find((name) => /^must[A-Z]/.test(name) && !Object.hasOwn(words, name));
  if (unknown !== undefined) return `there is no ${unknown}`;
  const named = (Object.keys(words) as Operator[]).filter((operator) => check[operator] !== undefined);
  const [operator, more] = named;
  if (operator === undefined) return none;
  if (more !== undefined) return `it has both ${operator} and ${more}`;
  const bound = check[operator];
  if (operator in operators && Number.isFinite(bound)) return { operator, bound: bound as number };
  const isPair = Array.isArray(bound) && bound.length === 2 && bound.every(Number.isFinite) && bound[0] <= bound[1];
  if (operator in ranges && isPair) return { operator, bound: bound as [number, number] };
  return `${operator} is nothing that a count can be compared with`;
}

export function holds({ operator, bound }: Threshold, count: number): boolean {
  if (typeof bound === 'number') return operators[operator as keyof typeof operators](count, bound);
  return ranges[operator as keyof typeof ranges](count, bound);
}

/** `0`, `>= 1`, `10 to 20`. */
export function thresholdText({ operator, bound }: Threshold): string {
  return `${words[operator]}${typeof bound === 'number' ? bound : bound.join(' to ')}`;
}
