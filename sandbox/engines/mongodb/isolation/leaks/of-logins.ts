import { randomUUID } from 'node:crypto';
import type { Document } from 'mongodb';
import type { Leak, Place } from '../../../contract/isolation.ts';
import { isAllowed, refusedCommand, withClients } from './clients.ts';

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
    attempt: (...places) =>
      withClients(places, async ({ client }) => {
        const command = { grantRolesToUser: client.options.credentials?.username, roles: ['root'] };
        return (await isAllowed(() => client.db('admin').command(command))) ? ['grantRolesToUser was taken'] : [];
      }),
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

/** It is given the one that it has: what there is to see of it is that the server takes that. */
async function changingThePassword(attacker: Place, victim: Place): Promise<readonly string[]> {
  return withClients([attacker, victim], async ({ client }, { client: { options } }) => {
    const { username, password } = options.credentials ?? {};
    const command = { updateUser: username, pwd: password };
    return (await isAllowed(() => client.db('admin').command(command))) ? ['updateUser was taken'] : [];
  });
}
