/**
 * Order of the names of migrations: runs of digits count as numbers, so that `10_b` comes after `9_a`; all else goes by code
 * unit, whatever the language of the machine. Names that differ are never equal.
 */
export function compareNames(left: string, right: string): number {
  const [ones, others] = [partsOf(left), partsOf(right)];
  for (const [index, one] of ones.entries()) {
    const other = others[index];
    if (other === undefined) return 1;
    const order = compareParts(one, other);
    if (order !== 0) return order;
  }
  // `01` and `1` are the same number.
  return ones.length - others.length || byCodeUnit(left, right);
}

function partsOf(name: string): readonly string[] {
  return name.match(/\d+|\D+/g) ?? [];
}

function compareParts(left: string, right: string): number {
  if (!/^\d/.test(left) || !/^\d/.test(right)) return byCodeUnit(left, right);
  const [one, other] = [BigInt(left), BigInt(right)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
