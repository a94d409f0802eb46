import { MongoClient } from 'mongodb';
import type { Isolation, PlaceOwner } from '../../contract/isolation.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { ownerOfPlace, stackMark } from '../../shared/isolation/place-names.ts';
import { goesRound, readdress } from '../../shared/isolation/readdress.ts';
import { databaseNames } from '../backup/catalogue.ts';
import { memberOptions } from '../server/client.ts';
import { withClient } from '../server/connection.ts';
import { addRows, heldKeys } from './add-rows.ts';
import { leaks } from './leaks/leaks.ts';
import { dropPlace, openPlaces } from './places.ts';

/** Each test has a database, with a login that reaches nothing else; it is put right by content. */
export const isolation: Isolation<MongoClient> = {
  mode: 'database',
  place: 'a database with a login of its own, copied from the platform and put right by content',
  leaks,
  open: openPlaces,
  async connect({ uri }) {
    const client = await new MongoClient(uri, uri.includes('replicaSet=') ? memberOptions : {}).connect();
    return { client, [Symbol.asyncDispose]: () => client.close() };
  },
  async readdress(place, through) {
    if (place.uri.includes('replicaSet=')) throw goesRound('members of a set tell drivers where they are');
    return readdress(place, through);
  },
  addRows,
  heldKeys,
  sweep,
};

/** A login without a database is one of a place that was being made, or dropped, when its broker was killed. */
async function sweep(running: RunningEngine, isAlive: (owner: PlaceOwner, id: string) => boolean): Promise<number> {
  const mark = stackMark(running);
  return withClient(running, async (_, client) => {
    const { users } = await client.db('admin').command({ usersInfo: 1 });
    const logins = (users as readonly { readonly user: string }[]).map(({ user }) => user);
    const names = [...new Set([...(await databaseNames(client)), ...logins])];
    const abandoned = names.filter((name) => {
      const owner = ownerOfPlace(name, mark);
      return owner !== undefined && !isAlive(owner, name);
    });
    for (const name of abandoned) await dropPlace(client, name);
    return abandoned.length;
  });
}
