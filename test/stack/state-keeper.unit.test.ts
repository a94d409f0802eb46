import { expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
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
