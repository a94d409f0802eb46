import neo4j from 'neo4j-driver';
import { expect, test } from 'vitest';
import { valueText } from '../../../sandbox/engines/neo4j/isolation/value-text.ts';

test('values of the store that differ have texts that differ', () => {
  const values = [
    ...[neo4j.int(3), 3, '3', 'integer 3', 'float 3', true, null, -0, 0, Number.NaN],
    ...[[3], [neo4j.int(3)], ['3'], ['3', '4'], ['3,4'], [], new Int8Array([3])],
    ...[new neo4j.types.Date(neo4j.int(2026), neo4j.int(1), neo4j.int(1)), '2026-01-01'],
    ...[neo4j.types.DateTime.fromStandardDate(new Date(0)), neo4j.types.LocalDateTime.fromStandardDate(new Date(0))],
    ...[new neo4j.types.Point(neo4j.int(7203), 1, 2), new neo4j.types.Point(neo4j.int(4326), 1, 2)],
    new neo4j.types.Duration(neo4j.int(1), neo4j.int(0), neo4j.int(0), neo4j.int(0)),
  ];
  expect(new Set(values.map(valueText)).size).toBe(values.length);
});

test('the order of properties means nothing', () => {
  expect(valueText({ a: 1, b: [2] })).toBe(valueText({ b: [2], a: 1 }));
});
