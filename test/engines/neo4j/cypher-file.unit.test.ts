import fc from 'fast-check';
import { expect, test } from 'vitest';
import { adviceOn } from '../../../sandbox/engines/neo4j/schema/migrations.ts';
import { splitStatements } from '../../../sandbox/engines/neo4j/server/cypher-file.ts';
import { seed, seedText } from '../../support/seed.ts';

test('semicolons in texts, names and comments end no statement', () => {
  const text = `// one; of
CREATE (:A {t: 'x;\ny\\';', u: "a;//b\\""}); // c; 'd
CREATE (:\`B;\`\`\`); /* e;
*/ RETURN 4 /* f; */ / 2;;\r
//only;`;
  expect(splitStatements(text)).toEqual([
    { text: `CREATE (:A {t: 'x;\ny\\';', u: "a;//b\\""})`, line: 2 },
    { text: 'CREATE (:`B;```)', line: 4 },
    { text: 'RETURN 4 /* f; */ / 2', line: 5 },
  ]);
});

const quoted = fc
  .tuple(fc.constantFrom("'", '"', '`'), fc.string({ unit: fc.constantFrom('a', ';', '\n', "'", '"', '/', '*', 'é') }))
  .map(([quote, inside]) => `${quote}${inside.replaceAll(quote, quote === '`' ? '``' : `\\${quote}`)}${quote}`);
const statement = fc.array(fc.oneof(quoted, fc.constantFrom('MATCH', '(n)', '1 / 2', '\n')), { minLength: 1 });
const between = fc.constantFrom('', '\n', '\r\n', ' // a; b\n', '/* ;\n; */');

test(`what is joined comes apart again (${seedText})`, () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(between, statement)), (parts) => {
      const wanted = parts.map(([, words]) => `RETURN ${words.join(' ').trim()}`.trim());
      const text = parts.map(([before], index) => `${before}${wanted[index]};`).join('');
      expect(splitStatements(text).map((each) => each.text)).toEqual(wanted);
    }),
    { seed },
  );
});

test('a text of any length is taken, with an end or without', () => {
  const long = 'x;'.repeat(4_000_000);
  expect(splitStatements(`RETURN '${long}'; RETURN 2`).map(({ text }) => text.length)).toEqual([long.length + 9, 8]);
  expect(splitStatements(`RETURN '${long}`)).toHaveLength(1);
});

test('what cypher-shell alone reads, as in an export of APOC, is told from Cypher', () => {
  const statements = splitStatements(':begin\nCREATE (:A);\n:commit\n').map(({ text }) => text);
  expect(statements.map(adviceOn)).toEqual(Array(2).fill(expect.stringContaining('a command of cypher-shell')));
  expect(splitStatements("// :begin\nRETURN ':';").map(({ text }) => adviceOn(text))).toEqual(['']);
});
