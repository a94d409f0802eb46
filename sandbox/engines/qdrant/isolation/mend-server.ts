import { runConcurrently } from '../../../core/run-concurrently.ts';
import { canonicalText } from '../../contract/data/holdings.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openClient, request } from '../server/connection.ts';
import {
  type Collection,
  collectionOf,
  descriptionOf,
  hasOneShard,
  isMarked,
  markCollection,
  nextOperation,
  type WriteMark,
} from './collection-state.ts';
import { differenceByVersion, readVersions, rightVersions } from './point-versions.ts';
import { mendPoints, pathOf, pointDifference, type Seed, write } from './seed.ts';
import { type Filled, fillCollection, type Snapshots } from './template.ts';

/** A server of a place, and how far it was known to be as new. */
export interface PlaceServer {
  readonly running: RunningEngine;
  readonly marks: Map<string, WriteMark>;
}

export interface Template {
  readonly snapshots: Snapshots;
  readonly filled: Filled;
}

/** Makes a used server as new: what a test has not written to is not read either. */
export async function mendServer({ running, marks }: PlaceServer, template: Template): Promise<void> {
  await unlock(running);
  const there = await collectionNames(running);
  await removeSnapshots(running, there);
  // First: a collection that is to come back is not reached by its name while that is another one's alias.
  await removeAliases(running, template);
  const wanted = template.snapshots.collections.map(({ name }) => name);
  for (const name of there) if (!wanted.includes(name)) await write(running, 'DELETE', pathOf(name));
  // Side by side: of what a test has not written to, only the answers take time.
  await runConcurrently(wanted, async (name) => {
    const mending = { name, mark: marks.get(name), isThere: there.includes(name) };
    marks.set(name, await mendCollection(running, template, mending));
  });
  // Of one that was gone they are told again: they outlive it.
  const back = wanted.filter((name) => !there.includes(name));
  if (back.length > 0) await removeSnapshots(running, back);
  await addAliases(running, template);
}

interface Mending {
  readonly name: string;
  readonly mark: WriteMark | undefined;
  readonly isThere: boolean;
}

async function mendCollection(
  running: RunningEngine,
  { snapshots, filled }: Template,
  { name, mark, isThere }: Mending,
): Promise<WriteMark> {
  const found = isThere ? await collectionOf(running, name) : undefined;
  if (found === undefined || descriptionOf(found) !== filled.descriptions.get(name)) {
    if (isThere) await write(running, 'DELETE', pathOf(name));
    await fillCollection(running, snapshots, name);
    return markCollection(running, name, await collectionOf(running, name));
  }
  // Before any point is read: what the test did not wait for is done then.
  const operation = await nextOperation(running, name, found);
  const known = isMarked(found, mark) ? mark : undefined;
  if (known !== undefined && hasOneShard(found) && operation === known.operation + 1) return { ...known, operation };
  return mendWritten(running, seedOf(filled, name), { name, found, known, operation });
}

interface Written {
  readonly name: string;
  readonly found: Collection;
  readonly known: WriteMark | undefined;
  /** Number of the last change. */
  readonly operation: number;
}

async function mendWritten(
  running: RunningEngine,
  seed: Seed,
  { name, found, known, operation }: Written,
): Promise<WriteMark> {
  // Numbers that go back are those of a snapshot that has taken its place: its versions are of other changes.
  const right = known !== undefined && operation > known.operation ? known.right : undefined;
  // Before any point is read: what is written meanwhile has another version than is remembered.
  const versions = await readVersions(running, name, found);
  const difference =
    versions && right
      ? await differenceByVersion(running, name, seed, { right, found: versions })
      : await pointDifference(running, name, seed);
  const changes = await mendPoints(running, name, seed, difference);
  const marked = await markCollection(
    running,
    name,
    found,
    versions && rightVersions(seed, versions, difference.changed),
  );
  if (hasOneShard(found) && marked.operation !== operation + changes + 1) {
    throw new Error(`somebody still writes to ${name}`);
  }
  return marked;
}

/** Marks the collections of a server that was filled, and that nobody else can reach yet. */
export async function markFilled(running: RunningEngine, { seeds }: Filled): Promise<Map<string, WriteMark>> {
  const marks = new Map<string, WriteMark>();
  for (const [name, seed] of seeds) {
    const found = await collectionOf(running, name);
    const versions = await readVersions(running, name, found);
    marks.set(name, await markCollection(running, name, found, versions && rightVersions(seed, versions)));
  }
  return marks;
}

function seedOf({ seeds }: Filled, name: string) {
  const seed = seeds.get(name);
  if (seed === undefined) throw new Error(`there is no seed of ${name}`);
  return seed;
}

async function collectionNames(running: RunningEngine): Promise<readonly string[]> {
  return (await openClient(running).getCollections()).collections.map(({ name }) => name);
}

async function aliasesOf(running: RunningEngine): Promise<ReadonlyMap<string, string>> {
  const { aliases } = await openClient(running).getAliases();
  return new Map(aliases.map(({ alias_name, collection_name }) => [alias_name, collection_name]));
}

async function removeAliases(running: RunningEngine, { snapshots }: Template): Promise<void> {
  const wanted = new Map(snapshots.aliases.map(({ alias_name, collection_name }) => [alias_name, collection_name]));
  const actions = [...(await aliasesOf(running))].flatMap(([alias_name, of]) =>
    wanted.get(alias_name) === of ? [] : [{ delete_alias: { alias_name } }],
  );
  if (actions.length > 0) await openClient(running).updateCollectionAliases({ actions });
}

/** Those of a collection that was made anew went with it. */
async function addAliases(running: RunningEngine, { snapshots: { aliases } }: Template): Promise<void> {
  if (aliases.length === 0) return;
  const there = await aliasesOf(running);
  const missing = aliases.filter(({ alias_name }) => !there.has(alias_name));
  const actions = missing.map((alias) => ({ create_alias: alias }));
  if (actions.length > 0) await openClient(running).updateCollectionAliases({ actions });
}

/** Snapshots of one collection, and of the whole server, which the stand-in does not make. */
async function snapshotsOf(running: RunningEngine, collections: readonly string[]): Promise<readonly string[]> {
  const client = openClient(running);
  const folders = collections.map((name) => `${pathOf(name)}/snapshots`);
  const ofCollections = folders.map(async (path) => {
    const answer = (await (await request(running, path)).json()) as { readonly result: readonly { name: string }[] };
    return answer.result.map(({ name }) => `${path}/${encodeURIComponent(name)}`);
  });
  const ofServer = client
    .listFullSnapshots()
    .then((all) => all.map(({ name }) => `/snapshots/${encodeURIComponent(name)}`), unlessNotServed);
  return (await Promise.all([...ofCollections, ofServer])).flat();
}

function unlessNotServed(thrown: { readonly status?: number }): readonly never[] {
  // 501: the stand-in; 404: a version that has no such thing any more.
  if (thrown.status === 501 || thrown.status === 404) return [];
  throw thrown;
}

async function removeSnapshots(running: RunningEngine, collections: readonly string[]): Promise<void> {
  for (const path of await snapshotsOf(running, collections)) await write(running, 'DELETE', path);
}

/** Versions before 1.17 can be told to refuse writes (`POST /locks`). */
async function unlock(running: RunningEngine): Promise<void> {
  const answer = await request(running, '/locks').catch(() => undefined);
  if (answer === undefined) return;
  const { result } = (await answer.json()) as { readonly result?: { readonly write?: boolean } };
  if (result?.write === true) await write(running, 'POST', '/locks', JSON.stringify({ write: false }));
}

/** What differs from a new server, for people. Reads all of it. */
export async function differencesOf(running: RunningEngine, template: Template): Promise<readonly string[]> {
  const wanted = template.snapshots.collections.map(({ name }) => name);
  const there = await collectionNames(running);
  const aliases = [...(await aliasesOf(running))].toSorted();
  const wantedAliases = template.snapshots.aliases.map((each) => [each.alias_name, each.collection_name]).toSorted();
  const ofCollections = wanted.map(async (name) => {
    if (!there.includes(name)) return [`collection ${name} is gone`];
    const isDescribed = descriptionOf(await collectionOf(running, name)) === template.filled.descriptions.get(name);
    const { added, changed, removed } = await pointDifference(running, name, seedOf(template.filled, name));
    const counts = { more: added.length, different: changed.length, fewer: removed.length };
    return [
      ...(isDescribed ? [] : [`collection ${name} has other parameters or indexes`]),
      ...Object.entries(counts).flatMap(([word, count]) => (count === 0 ? [] : [`${name}: points ${word}: ${count}`])),
    ];
  });
  return [
    ...there.filter((name) => !wanted.includes(name)).map((name) => `collection ${name} was added`),
    ...(await Promise.all(ofCollections)).flat(),
    ...(canonicalText(aliases) === canonicalText(wantedAliases) ? [] : ['aliases are different']),
    ...(await snapshotsOf(running, there)).map((path) => `snapshot ${decodeURIComponent(path)} was made`),
  ];
}
