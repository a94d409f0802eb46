import { expect, test } from 'vitest';
import { statementKind } from '../../../sandbox/engines/postgresql/isolation/rolled-back/statement-kind.ts';

test.each([
  [
    'begin',
    ['BEGIN', 'begin;', ' BEGIN WORK ', 'Start Transaction read only', 'BEGIN ISOLATION LEVEL SERIALIZABLE;\n'],
  ],
  ['begin', ['-- of a service\nBEGIN', '/* traced */ BEGIN /* id=1 */', ';;BEGIN -- why']],
  ['commit', ['COMMIT', 'commit work', 'COMMIT TRANSACTION;', 'END', 'commit and no chain']],
  ['rollback', ['ROLLBACK', 'abort;', 'rollback transaction', 'ROLLBACK AND NO CHAIN']],
  ['refused', ['COMMIT AND CHAIN', 'ROLLBACK AND CHAIN', "PREPARE TRANSACTION 'a'", "COMMIT PREPARED 'a'"]],
  ['refused', ['BEGIN; SELECT 1', 'COMMIT; BEGIN', 'ROLLBACK; SELECT 1', "rollback prepared 'a'"]],
  ['other', ['ROLLBACK TO a', 'rollback work to savepoint a', 'SAVEPOINT a', 'RELEASE a', 'SELECT 1; COMMIT']],
  ['other', ['SELECT 1', '', '-- BEGIN', 'PREPARE a AS SELECT 1', 'begins', 'commitment', "DO 'BEGIN END'", 'endless']],
] as const)('%s: %j', (kind, texts) => {
  expect(texts.map((text) => [text, statementKind(text)])).toEqual(texts.map((text) => [text, kind]));
});
