import neo4j from 'neo4j-driver';

/** A value as one text that tells its type, as the store has it: 3 is none other than 3.0, nor a date its own text. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (neo4j.isInt(value)) return `integer ${value}`;
  if (typeof value === 'number') return `float ${Object.is(value, -0) ? '-0' : value}`;
  if (typeof value !== 'object') return JSON.stringify(value);
  if (ArrayBuffer.isView(value))
    return `bytes ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}`;
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
  if (Object.getPrototypeOf(value) !== Object.prototype) return `${value.constructor.name} ${String(value)}`;
  const fields = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${valueText(field)}`).join(',')}}`;
}
