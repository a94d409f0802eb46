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
  ['refused', ['BEGIN -- a\n; SELECT 1', '/**/BEGIN/**/;/* a */SELECT 1', "COMMIT/* a */PREPARED 'a'"]],
  ['commit', ['COMMIT/* a */WORK -- b', 'END/* a', '/* a * b **/ COMMIT /* * / */;;']],
  ['other', ['/* COMMIT', 'ROLLBACK/* a */TO/* b */a', 'PREPARE/**/a AS SELECT 1']],
  ['other', ['ROLLBACK TO a', 'rollback work to savepoint a', 'SAVEPOINT a', 'RELEASE a', 'SELECT 1; COMMIT']],
  ['other', ['SELECT 1', '', '-- BEGIN', 'PREPARE a AS SELECT 1', 'begins', 'commitment', "DO 'BEGIN END'", 'endless']],
] as const)('%s: %j', (kind, texts) => {
  expect(texts.map((text) => [text, statementKind(text)])).toEqual(texts.map((text) => [text, kind]));
});

test.each([
  ['dashes', '-'.repeat(100_000)],
  ['comments', '-- a\n'.repeat(20_000)],
  ['comments in stars', '/* a */ '.repeat(20_000)],
  ['comments that begin in others', '/*'.repeat(100_000)],
  ['white space', ' \n'.repeat(50_000)],
  ['empty statements', '; '.repeat(50_000)],
])('files that begin or end a transaction are told in no time, with many %s', (_, filling) => {
  const before = process.cpuUsage();
  const kindsOf = (text: string) => ['BEGIN', 'COMMIT', 'ROLLBACK'].map((word) => statementKind(`${word}${text}`));
  expect(kindsOf(`;\n-- ${filling}`)).toHaveLength(3);
  expect(kindsOf(` ${filling}\n*/; CREATE TABLE a ()`)).toHaveLength(3);
  expect(statementKind(`${filling}\nCREATE TABLE a ()`)).toBe('other');
  // Tried again and again, it would be years. What counts is the work: others may have the processors meanwhile.
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
});
