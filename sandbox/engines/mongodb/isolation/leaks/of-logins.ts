import { randomUUID } from 'node:crypto';
import type { Document } from 'mongodb';
import type { Leak, Place } from '../../../contract/isolation.ts';
import { isAllowed, open, refusedCommand, withClients } from './clients.ts';

/** Users and roles lie in `admin`, which all places share. */
export const leaksOfLogins: readonly Leak[] = [
  {
    name: 'users',
    verdict: 'isolated',
    attempt: makingAUser(() => 'admin'),
  },
  {
    name: "users of a place's own database",
    verdict: 'isolated',
    attempt: makingAUser(({ id }) => id),
  },
  { name: 'users of another place', verdict: 'isolated', attempt: changingThePassword },
  {
    name: 'roles',
    verdict: 'isolated',
    attempt: refusedCommand(() => ({ createRole: `leak_${randomUUID()}`, privileges: [], roles: [] })),
  },
  {
    name: 'grantRolesToUser',
    verdict: 'isolated',
    attempt: (attacker, victim) =>
      refusedCommand(() => ({ grantRolesToUser: attacker.id, roles: ['root'] }))(attacker, victim),
  },
];

/** Where the server makes it, the other place can log in as it. */
function makingAUser(databaseOf: (attacker: Place) => string): Leak['attempt'] {
  return async (attacker, victim) => {
    const [user, password, database] = [`leak_${randomUUID()}`, randomUUID(), databaseOf(attacker)];
    return withClients([attacker, victim], async ({ client }) => {
      const command: Document = { createUser: user, pwd: password, roles: ['readWrite'] };
      if (!(await isAllowed(() => client.db(database).command(command)))) return [];
      await client.db(database).command({ dropUser: user });
      return [`user ${user} was made`];
    });
  };
}

async function changingThePassword(attacker: Place, victim: Place): Promise<readonly string[]> {
  return withClients([attacker, victim], async ({ client }) => {
    const command = { updateUser: victim.id, pwd: randomUUID() };
    const taken = await isAllowed(() => client.db('admin').command(command));
    const remains = await isAllowed(async () => (await open(victim.uri)).close());
    return [...(taken ? ['updateUser was taken'] : []), ...(remains ? [] : ['its login is refused'])];
  });
}
