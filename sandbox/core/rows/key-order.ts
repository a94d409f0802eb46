/** Not enumerable: what copies, compares or writes an object otherwise does not see it. */
const order = Symbol('order of keys');

/** Keys that an object moves to its front, in the order of their numbers (ECMAScript, "OrdinaryOwnPropertyKeys"). */
const arrayIndex = /^(?:0|[1-9]\d{0,9})$/;

/** Whether an object keeps these keys in another order than this one: none keeps `zz`, `2026`, `1999`. */
export function losesOrder(keys: readonly string[]): boolean {
  if (!keys.some((key) => arrayIndex.test(key))) return false;
  const kept = Object.keys(Object.fromEntries(keys.map((key) => [key, undefined])));
  return kept.some((key, index) => key !== keys[index]);
}

/** Remembers with an object in which order its keys were written. */
export function withKeyOrder<Value extends object>(value: Value, keys: readonly string[]): Value {
  return Object.defineProperty(value, order, { value: keys });
}

/** The order in which an object's keys were written, where it is remembered. */
export function keyOrderOf(value: object): readonly string[] | undefined {
  return (value as { readonly [order]?: readonly string[] })[order];
}
