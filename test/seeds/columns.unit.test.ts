import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { fromColumn, toColumn } from '../../seeds/rows/columns.ts';
import { seed, seedText } from '../support/seed.ts';

/** What a reader gets of values that a worker sent. */
function travelled(values: readonly unknown[]): readonly unknown[] {
  return fromColumn(structuredClone(toColumn(values)));
}

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, undefined, '', 'text', '🧠', 0, -0, 1.5, true),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '1', 'length', 'kind'), tie('any'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).any;

describe('columns', () => {
  test(`give back whatever they are made of, fields in their order (${seedText})`, () => {
    const property = fc.property(fc.array(value, { maxLength: 12 }), (values) => {
      const back = travelled(values);
      expect(back).toStrictEqual(values);
      expect(JSON.stringify(back)).toBe(JSON.stringify(values));
    });
    fc.assert(property, { seed, numRuns: 2_000 });
  });

  test('give back each entity of the dataset', async () => {
    const dataset = createDataset({ size: 'small' });
    for (const name of Object.keys(dataset.counts) as EntityName[]) {
      for await (const rows of dataset.batches(name)) {
        expect(travelled(rows), name).toStrictEqual(rows);
        break;
      }
    }
  });

  test('hold the fields of rows apart where the rows are alike, and as they are where they are not', () => {
    expect(toColumn([{ at: new Date(7) }, { at: new Date(8) }])).toStrictEqual({
      kind: 'records',
      count: 2,
      fields: [{ name: 'at', column: { kind: 'dates', moments: Float64Array.of(7, 8) } }],
    });
    const unlike = [{ a: 1 }, { b: 1 }];
    expect(toColumn(unlike)).toStrictEqual({ kind: 'values', values: unlike });
  });
});
