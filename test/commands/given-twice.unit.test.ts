import { expect, test } from 'vitest';
import { refuseGivenTwice } from '../../sandbox/commands/options/given-twice.ts';
import { createProgram } from '../../sandbox/commands/program.ts';
import { runForError } from '../support/command.ts';

/** Only parses: nothing is run. */
function parse(args: readonly string[]): void {
  const program = createProgram();
  for (const command of [program, ...program.commands]) command.exitOverride().action(() => {});
  refuseGivenTwice(program);
  program.parse(args, { from: 'user' });
}

test.each([
  {
    args: ['up', '--engines', 'redis', '--engines', 'neo4j'],
    says: /--engines is given twice, as `redis` and as `neo4j`/,
  },
  { args: ['--engines', 'redis', 'up', '--engines=neo4j'], says: /--engines is given twice/ },
  { args: ['up', '--topology', 'redis=clustered', '--topology', 'neo4j=clustered'], says: /--topology is given twice/ },
  { args: ['dataset', 'export', '--entities', 'users', '--entities', 'contents'], says: /--entities is given twice/ },
  {
    args: ['exec', '--isolation', 'redis=server', '--isolation', 'neo4j=server', 'true'],
    says: /--isolation is given/,
  },
  { args: ['quality', 'run', '--cost', 'scan', '--cost', 'indexed'], says: /--cost is given twice/ },
  { args: ['backup', '--log', '--no-log'], says: /--log and --no-log exclude each other/ },
  { args: ['backup', '--no-log', '--log'], says: /--no-log and --log exclude each other/ },
])('$args is refused: one of two would be passed over', ({ args, says }) => {
  expect(() => parse(args)).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringMatching(says) }),
  );
});

test.each([
  [['up', '--engines', 'redis', '--engines', 'redis']],
  [['--no-failover', 'up', '--no-failover', '--reset', '--reset']],
  [['up', '--size', 'small', '--size', 'none']],
  [['bench', '--url', 'redis=env:A', '--url', 'neo4j=env:B']],
  [['seed', '--from', 'users.csv', '--from', 'contents.csv']],
  [['psql', '--', '--engines', 'a', '--engines', 'b']],
])('%j is taken', (args) => {
  expect(() => parse(args)).not.toThrow();
});

test('a command ends with 2, and says which of them it was given', async () => {
  const error = await runForError(['status', '--engines', 'redis', '--engines', 'neo4j']);
  expect(error).toMatchObject({ exitCode: 2, code: 'BAD_OPTION', next: expect.stringContaining('redis,neo4j') });
});
