import { mkdir, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { readState, stateFile } from '../../sandbox/stack/state/stack-state.ts';
import { stateOnDisk } from '../../sandbox/stack/state/state-keeper.ts';
import { temporaryFolder } from '../engines/support/backups.ts';

test('a stack that is looked at twice keeps the passwords that were made in between', async () => {
  await using folder = await temporaryFolder();
  const keeper = await stateOnDisk(stackIdentity({ directory: folder.path }));
  const key = await keeper.prove([]);
  await keeper.updateSecrets({ secrets: { neo4j: { password: 'made now' } } });
  const volume = { labels: { [labelNames.engine]: 'neo4j', [labelNames.key]: key ?? '' } };
  expect(await keeper.prove([volume])).toBe(key);
  expect(await keeper.prove([])).toBe(key);
  expect(keeper.secrets().secrets.neo4j).toEqual({ password: 'made now' });
});

test('a state that could not be written is written with the next change', async () => {
  await using folder = await temporaryFolder();
  const identity = stackIdentity({ directory: folder.path });
  const keeper = await stateOnDisk(identity);
  await keeper.prove([]);
  const file = await stateFile(identity.directory, identity.name);
  await rm(file);
  await mkdir(file);
  await expect(keeper.update({ unfinished: ['redis'] })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  await rm(file, { recursive: true });
  await keeper.update({ wanted: ['redis'] });
  expect(await readState(identity.directory, identity.name)).toMatchObject({
    unfinished: ['redis'],
    wanted: ['redis'],
  });
});
