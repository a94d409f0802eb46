/**
 * Values as they travel from a worker: what is at the same place of many rows lies together. A message of rows names each
 * field of each row anew; of columns it takes about half of the reader's time (docs/dataset.md).
 */
export type Column =
  /** As they are. */
  | { readonly kind: 'values'; readonly values: readonly unknown[] }
  /** Milliseconds since 1970. */
  | { readonly kind: 'dates'; readonly moments: Float64Array<ArrayBuffer> }
  /** Lists of any lengths; `items` are those of all, one list after the other. */
  | { readonly kind: 'lists'; readonly lengths: Uint32Array<ArrayBuffer>; readonly items: Column }
  /** Records with the same fields in the same order. */
  | { readonly kind: 'records'; readonly count: number; readonly fields: readonly Field[] };

interface Field {
  readonly name: string;
  readonly column: Column;
}

/** A column of the values, all of one shape or not. Vectors and what has no shape in common are kept as they are. */
export function toColumn(values: readonly unknown[]): Column {
  const [first] = values;
  if (typeof first !== 'object' || first === null) return { kind: 'values', values };
  if (values.every((value) => value instanceof Date)) {
    return { kind: 'dates', moments: Float64Array.from(values, (date) => date.getTime()) };
  }
  if (values.every((value) => Array.isArray(value))) {
    return {
      kind: 'lists',
      lengths: Uint32Array.from(values, (list) => list.length),
      items: toColumn(values.flat()),
    };
  }
  const names = Object.keys(first);
  if (names.length > 0 && values.every((value) => isRecordOf(value, names))) {
    const fields = names.map((name) => ({ name, column: toColumn(values.map((value) => value[name])) }));
    return { kind: 'records', count: values.length, fields };
  }
  return { kind: 'values', values };
}

/** The values of a column, equal to those that it was made of. */
export function fromColumn(column: Column): readonly unknown[] {
  switch (column.kind) {
    case 'values':
      return column.values;
    case 'dates':
      return Array.from(column.moments, (moment) => new Date(moment));
    case 'lists':
      return listsOf(column.lengths, fromColumn(column.items));
    case 'records':
      return recordsOf(column.count, column.fields);
  }
}

function isRecordOf(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  const own = Object.keys(value);
  return own.length === names.length && own.every((name, place) => name === names[place]);
}

function listsOf(lengths: Uint32Array, items: readonly unknown[]): readonly unknown[][] {
  let end = 0;
  return Array.from(lengths, (length) => {
    const start = end;
    end += length;
    return items.slice(start, end);
  });
}

function recordsOf(count: number, fields: readonly Field[]): readonly object[] {
  const records = Array.from({ length: count }, (): Record<string, unknown> => ({}));
  for (const { name, column } of fields) {
    const values = fromColumn(column);
    for (let index = 0; index < count; index += 1) (records[index] as Record<string, unknown>)[name] = values[index];
  }
  return records;
}
