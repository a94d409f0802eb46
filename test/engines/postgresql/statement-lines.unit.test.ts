import fc from 'fast-check';
import { expect, test } from 'vitest';
import { statementLines } from '../../../sandbox/engines/postgresql/server/statement-lines.ts';
import { seed, seedText } from '../../support/seed.ts';

/** Statements that have in them what looks like the end of one. */
const statements = [
  'select 1',
  "select ';'",
  "select E'\\';'",
  "select '''; '\n, 2",
  'select ";"" ;"',
  'do $$ begin; end $$',
  'do $tag$ $$ ; $$ ;\n$tag$',
  'select $1, a$b$c',
  'select /* ; /* ; */\n; */ 1',
  'select 1 -- ;\n, 2',
  'create rule r as on insert to t do (insert into a values (1); insert into b values (2))',
  'create function f() returns int begin atomic select 1; select case when true then 1 end; end',
];

const between = fc.constantFrom('', '\n', '\n\n', ' ', '-- a; comment\n', '/* ;\n */ ');

test(`statements begin in the lines that they are put in (${seedText})`, () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(between, fc.constantFrom(...statements)), { maxLength: 6 }), (parts) => {
      let text = '';
      const lines = parts.map(([space, statement]) => {
        text += space;
        const line = text.split('\n').length;
        text += `${statement};`;
        return line;
      });
      expect(statementLines(text)).toEqual(lines);
      expect(statementLines(text.replace(/;$/, ''))).toEqual(lines);
    }),
    { seed },
  );
});

test(`any text has lines, and takes no longer than it should (${seedText})`, () => {
  const piece = fc.constantFrom("'", '"', '$', '$a$', '/*', '*/', '--', '\n', ';', '(', ')', 'x', 'e', '\\', ' ');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('');
      const lines = statementLines(text);
      expect(lines).toEqual(lines.toSorted((one, other) => one - other));
      for (const line of lines) expect(line).toBeLessThanOrEqual(text.split('\n').length);
    }),
    { seed },
  );
});

test('a text of any length is taken, with an end or without', () => {
  const long = 'x;'.repeat(4_000_000);
  for (const quote of ["'", '"', '$$', '$a$']) {
    expect(statementLines(`SELECT ${quote}${long}${quote};\nSELECT 2`)).toEqual([1, 2]);
    expect(statementLines(`SELECT ${quote}${long}`)).toEqual([1]);
  }
});
