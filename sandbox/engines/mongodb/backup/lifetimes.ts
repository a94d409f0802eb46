import { BSON, type Document, type MongoClient } from 'mongodb';
import { nowMs as clockMs } from '../../../core/clock.ts';
import { type CollectionDescription, readCatalogue, userDatabases } from './catalogue.ts';
import { documentIn, elementsOf } from './export/bson-bytes.ts';

/** A field that says when a document goes: so many seconds after its moment. */
interface Lifetime {
  readonly path: readonly string[];
  readonly seconds: number;
}

/**
 * When a document of a collection goes by itself, in milliseconds since 1970; `undefined` where it stays. The earliest
 * moment of the field counts, and what is no moment does not (MongoDB documentation, "TTL Indexes"). Returns
 * `undefined` for a collection whose documents all stay.
 */
export function momentOfGoing(
  collection: Pick<CollectionDescription, 'options' | 'indexes'>,
): ((document: Uint8Array) => number | undefined) | undefined {
  const lifetimes = lifetimesOf(collection);
  if (lifetimes.length === 0) return undefined;
  return (bytes) => {
    const document = BSON.deserialize(bytes);
    const moments = lifetimes.flatMap(({ path, seconds }) =>
      datesAt(document, path).map((date) => date.getTime() + seconds * 1_000),
    );
    return moments.length === 0 ? undefined : Math.min(...moments);
  };
}

function lifetimesOf({ options, indexes }: Pick<CollectionDescription, 'options' | 'indexes'>): readonly Lifetime[] {
  const ofIndexes = indexes.map((index) => ({
    field: elementsOf(documentIn(index, 'key'))[0]?.name,
    expireAfterSeconds: BSON.deserialize(index).expireAfterSeconds,
  }));
  // Of time series and clustered collections it is an option.
  const { expireAfterSeconds, timeseries } = BSON.deserialize(options);
  const all = [...ofIndexes, { field: timeseries?.timeField ?? '_id', expireAfterSeconds }];
  return all.flatMap(({ field, expireAfterSeconds: seconds }) =>
    field === undefined || seconds === undefined ? [] : [{ path: String(field).split('.'), seconds: Number(seconds) }],
  );
}

function datesAt(value: unknown, path: readonly string[]): readonly Date[] {
  if (Array.isArray(value)) return value.flatMap((each) => datesAt(each, path));
  const [name, ...further] = path;
  if (name === undefined) return value instanceof Date ? [value] : [];
  return typeof value === 'object' && value !== null ? datesAt((value as Document)[name], further) : [];
}

/** Documents of the platform's and the user's databases whose lifetime has passed by the server's own clock. */
export async function countExpired(client: MongoClient): Promise<number> {
  const { localTime } = await client.db('admin').command({ hello: 1 });
  const nowMs = (localTime as Date | undefined)?.getTime() ?? clockMs();
  let expired = 0;
  for (const name of await userDatabases(client)) {
    const database = client.db(name);
    for (const collection of await readCatalogue(database)) {
      if (collection.type === 'view') continue;
      const conditions = lifetimesOf(collection).map(({ path, seconds }) => ({
        [path.join('.')]: { $lte: new Date(nowMs - seconds * 1_000) },
      }));
      if (conditions.length === 0) continue;
      expired += await database.collection(collection.name).countDocuments({ $or: conditions });
    }
  }
  return expired;
}
