import { expect, test } from 'vitest';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { nodesDownText, notInItText } from '../../sandbox/report/stack/nodes-down-text.ts';

const plain = colorsFor({});
const lost = { what: 'the store of neo4j', why: 'another node was promoted over it' };

test('a backup without a node that is down is only called whole where nothing is missing', () => {
  const [whole, lacking] = [[], [lost]].map((leftOut) => [{ engine: 'neo4j', nodesDown: ['neo4j'], leftOut }]);
  expect(nodesDownText(whole ?? [], plain)).toBe('down: neo4j, neo4j; the other nodes had all of it\n');
  expect(nodesDownText(lacking ?? [], plain)).toBe('down: neo4j, neo4j; backed up from the other nodes\n');
  expect(notInItText(lacking ?? [], plain)).toBe(
    'not in it: neo4j, the store of neo4j: another node was promoted over it\n',
  );
});

test('one of which every node ran has no word of it', () => {
  const engines = [{ engine: 'redis', nodesDown: [], leftOut: [] }];
  expect(nodesDownText(engines, plain) + notInItText(engines, plain)).toBe('');
});
