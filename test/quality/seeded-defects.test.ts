import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { checksOf } from '../../sandbox/quality/contracts/checks.ts';
import type { Check } from '../../sandbox/quality/contracts/contract.ts';
import { platformContracts, readContracts } from '../../sandbox/quality/contracts/read-contracts.ts';
import { hasFailed, type QualityReport } from '../../sandbox/quality/run/report.ts';
import { questionOf } from '../../sandbox/quality/run/run-check.ts';
import { runChecks } from '../../sandbox/quality/run/run-checks.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { type AsSpecified, asSpecified } from './support/as-specified.ts';
import { createDetection } from './support/detection.ts';
import { inMemory } from './support/distributions-in-memory.ts';
import { emptyStores } from './support/empty-stores.ts';
import { plannedCosts } from './support/plan-costs.ts';
import { daysAgo, type Planted } from './support/plant.ts';
import { plantDrift, plantSmallerSample } from './support/plant-drift.ts';
import { plantInMongodb, plantNearMissesInMongodb } from './support/plant-mongodb.ts';
import { plantInNeo4j, plantNearMissesInNeo4j } from './support/plant-neo4j.ts';
import { plantOddMoments } from './support/plant-odd-moments.ts';
import { plantInPostgresql, plantNearMissesInPostgresql } from './support/plant-postgresql.ts';
import { plantInQdrant, plantNearMissesInQdrant, refusedByQdrant } from './support/plant-qdrant.ts';
import { plantFullMemory, plantInRedis, plantNearMissesInRedis } from './support/plant-redis.ts';

/** The least that has something in each cell. */
const aCellEach = { users: 216, contents: 216, conversations: 216, knowledge: 216 };

/** Checks of how levels are distributed. */
const levels = /\.levels-(drift|shift)$/;

const detection = createDetection();

/** What the runs of this file have seen. */
const distributions = inMemory();

let stack: Stack;

beforeAll(async () => {
  stack = await createStack({ size: aCellEach });
  // What later runs are compared with.
  await run({ names: levels });
});
afterAll(() => stack?.dispose());

async function allChecks(): Promise<readonly Check[]> {
  return checksOf(await readContracts(platformContracts, defaultEngines), await loadEngines(defaultEngines));
}

async function run({
  acrossStores = false,
  now = new Date(),
  names = /./,
  acceptDrift = false,
}: {
  acrossStores?: boolean;
  now?: Date;
  names?: RegExp;
  acceptDrift?: boolean;
} = {}): Promise<QualityReport> {
  const dataset = stack.dataset as Dataset;
  return runChecks({
    engines: await loadEngines(defaultEngines),
    running: new Map(Object.entries(stack.engines)),
    checks: (await allChecks()).filter(({ id }) => names.test(id)),
    moments: { now, seededAt: dataset.referenceTime },
    distributions,
    acceptDrift,
    ...(acrossStores ? { dataset } : {}),
  });
}

/** Violations by check, those alone that there are. */
function found({ results }: QualityReport): Record<string, unknown> {
  const failed = results.filter(({ verdict }) => verdict !== 'pass');
  return Object.fromEntries(
    failed.map(({ check, verdict, count, ids, reason }) => [
      check,
      reason === undefined ? [count, ids] : [verdict, reason],
    ]),
  );
}

/** The same of what was planted. Of two relationships that are alike, either may be named. */
function expected(planted: Planted, { results }: QualityReport): Record<string, unknown> {
  const entries = Object.entries(planted).map(([check, ids]) => {
    const isAny = /count-without-lifetime$|^neo4j\..*\.duplicates$/.test(check);
    const named = isAny ? results.find((result) => result.check === check)?.ids : ids.toSorted().slice(0, 20);
    return [check, [ids.length, named]];
  });
  return Object.fromEntries(entries);
}

// One after the other: whoever looks at all that there is has to know what was put there before.
test('each check finds exactly what was planted, nothing in the dataset as it was loaded, no near miss, and costs what it says', {
  timeout: 240_000,
}, async () => {
  await expectNothingFound();
  await expectDefectsOfDrillsTakenBack();
  await expectDeclaredCosts();
  const inOrder = await expectNearMissesPassedOver();
  const planted = await expectExactlyThePlanted();
  await expectStale();
  await expectDrift();
  await expectFullMemory();
  await expectEmptied();
  await expect(detection.document({ inOrder, planted })).toMatchFileSnapshot('../../docs/quality-detection.md');
});

async function expectNothingFound(): Promise<void> {
  const report = await run({ acrossStores: true });
  detection.inOrder(report);
  expect(found(report)).toEqual({});
  expect(report.summary).toMatchObject({ errors: 0, warnings: 0, unknown: 0, notRun: 0 });
}

/** What drills of alerts plant is one violation, and none once it is taken away. */
async function expectDefectsOfDrillsTakenBack(): Promise<void> {
  const defects = (await loadEngines(defaultEngines)).map(({ name, quality }) => ({ name, defect: quality?.defect }));
  const names = new RegExp(`^(${defects.map(({ defect }) => defect?.check).join('|')})$`);
  const takeAway = await Promise.all(defects.map(({ name, defect }) => defect?.plant(stack.engines[name])));
  const violations = (await run({ names })).results.map(({ verdict, count }) => [verdict, count]);
  expect(violations).toEqual(defaultEngines.map(() => ['fail', 1]));
  await Promise.all(takeAway.map((each) => each?.()));
  expect(found(await run({ names }))).toEqual({});
}

/** What looks like a defect and is none is not found, and every store that has more than the others is. */
async function expectNearMissesPassedOver(): Promise<AsSpecified> {
  const { mongodb, neo4j, redis, qdrant } = stack.clients;
  await plantNearMissesInPostgresql(stack.engines.postgresql);
  const { contents, conversations } = await plantNearMissesInMongodb(mongodb);
  await plantNearMissesInNeo4j(neo4j);
  await plantNearMissesInRedis(redis);
  await plantNearMissesInQdrant(qdrant);
  // The specification's own checks count what is in order: expired sessions, a bookmark, what the cleanup spares, whoever is
  // alone. Those of levels in the graph are of no Cypher that there is, and its whole report is lost with them.
  const invented = await asSpecified(stack);
  expect(invented).toMatchObject({ incomplete_contents: 1, neo4j: 'Neo.ClientError.Statement.SyntaxError' });
  expect(invented.stale_sessions).toBeGreaterThan(0);
  expect(invented.old_conversations).toBeGreaterThan(0);
  expect(invented.orphaned_nodes).toBeGreaterThan(0);
  // Our own two records.
  expect(invented.keys_without_ttl).toBe(2);
  const report = await run({ acrossStores: true });
  detection.inOrder(report);
  const counts = Object.entries(found(report)).map(([check, what]) => [check, (what as [number])[0]]);
  expect(Object.fromEntries(counts)).toEqual({
    'cross-store.postgresql.user': 1,
    'cross-store.postgresql.knowledge': 1,
    'cross-store.mongodb.content': contents,
    'cross-store.mongodb.conversation': conversations,
    'cross-store.neo4j.user': 1,
    'cross-store.neo4j.concept': 2,
    'cross-store.neo4j.knowledge': 1,
    'cross-store.redis.user': 1,
    'cross-store.qdrant.user': 1,
    'cross-store.qdrant.knowledge': 1,
  });
  return invented;
}

/** Of every kind exactly what was planted is found, and nothing else. */
async function expectExactlyThePlanted(): Promise<AsSpecified> {
  const { mongodb, neo4j, redis, qdrant } = stack.clients;
  const planted: Planted = {
    ...(await plantInPostgresql(stack.engines.postgresql)),
    ...(await plantInMongodb(mongodb)),
    ...(await plantInNeo4j(neo4j)),
    ...(await plantInRedis(redis)),
    ...(await plantInQdrant(qdrant)),
  };
  const report = await run();
  detection.planted(planted, report);
  expect(found(report)).toEqual(expected(planted, report));
  // As specified: absent addresses for double ones, three of six incomplete contents and one that is in order, a document
  // without a level and neither 2.5 nor lists, and not the eight relations.
  const control = await asSpecified(stack);
  expect(control).toMatchObject({ duplicate_emails: 3, invalid_silicon_levels: 5, incomplete_contents: 4 });
  expect(control.duplicate_relations).not.toBe(8);
  // Every check has found something, but for these.
  const others = report.results.map(({ check }) => check).filter((check) => planted[check] === undefined);
  expect(others.filter((check) => !/\.(rows|stale|levels-drift|levels-shift)$/.test(check)).toSorted()).toEqual([
    'qdrant.knowledge_vectors.not-finite',
    'qdrant.knowledge_vectors.other-dimension',
    'qdrant.user_vectors.not-finite',
    'qdrant.user_vectors.other-dimension',
    'redis.server.catalogue',
    'redis.server.memory',
  ]);
  expect((await refusedByQdrant(qdrant)).toSorted()).toEqual(['not-finite', 'other-dimension']);
  return control;
}

const stale = [
  'mongodb.ai_conversations.stale',
  'mongodb.user_contents.stale',
  'neo4j.knowledge.stale',
  'neo4j.user.stale',
  'postgresql.daily_activity.stale',
  'postgresql.user_locations.stale',
  'postgresql.user_sessions.stale',
  'postgresql.users.stale',
];

/** What nobody has added to for too long is found, by the clock, whatever says that it is newer than anything can be. */
async function expectStale(): Promise<void> {
  const takeAway = await plantOddMoments(stack);
  const later = await run({ now: daysAgo(-100), names: /\.stale$/ });
  detection.wrong(stale, later);
  expect(Object.keys(found(later)).toSorted()).toEqual(stale);
  expect(found(await run({ now: daysAgo(-29), names: /\.stale$/ }))).toEqual({});
  await takeAway();
}

/** Levels that drift are found until that is accepted, and fewer rows that are distributed alike are not. */
async function expectDrift(): Promise<void> {
  const places = [
    'mongodb.user_contents',
    'neo4j.user',
    'postgresql.users',
    'qdrant.knowledge_vectors',
    'qdrant.user_vectors',
  ];
  const drifted = places.flatMap((place) => [`${place}.levels-drift`, `${place}.levels-shift`]);
  await plantSmallerSample(stack);
  const sampled = await run({ names: levels });
  detection.inOrder(sampled);
  expect(found(sampled)).toEqual({});
  await plantDrift(stack);
  const report = await run({ names: levels });
  detection.wrong(drifted, report);
  const told = found(report);
  expect(Object.keys(told).toSorted()).toEqual(drifted);
  for (const what of Object.values(told)) {
    expect(what).toEqual([expect.any(Number), expect.arrayContaining([expect.stringMatching(/^silicon_level: \d/)])]);
  }
  expect(found(await run({ names: levels }))).toEqual(told);
  const accepted = found(await run({ names: levels, acceptDrift: true }));
  expect(accepted).toEqual(
    Object.fromEntries(drifted.map((check) => [check, ['not-run', expect.stringContaining('accepted')]])),
  );
  expect(found(await run({ names: levels }))).toEqual({});
}

/** Where nothing is there, what has to be fresh is not, and what has to be there is missing. */
async function expectEmptied(): Promise<void> {
  await emptyStores(stack);
  const report = await run({ names: /\.(rows|stale)$/ });
  const { results } = report;
  detection.wrong(
    results.map(({ check }) => check),
    report,
  );
  const rows = results.map(({ check }) => check).filter((check) => check.endsWith('.rows'));
  expect(rows).toHaveLength(8);
  expect(found(report)).toEqual(
    Object.fromEntries([
      ...stale.map((check) => [check, [1, ['nothing is there']]]),
      ...rows.map((check) => [check, [0, []]]),
    ]),
  );
}

/** Memory that is nearly full is found. */
async function expectFullMemory(): Promise<void> {
  const { redis } = stack.clients;
  const [, before = ''] = (await redis.config('GET', 'maxmemory')) as string[];
  await plantFullMemory(redis);
  const report = await run({ names: /^redis\.server\.memory$/ });
  await redis.config('SET', 'maxmemory', before);
  const { results } = report;
  detection.wrong(['redis.server.memory'], report);
  expect(results).toMatchObject([{ verdict: 'fail', count: 1, ids: [expect.stringMatching(/: 9\d % of \d+ bytes$/)] }]);
}

test('an engine that is down is unknown in each of its checks, and the others are asked all the same', async () => {
  const { redis, postgresql } = stack.engines;
  const nobody = redis.nodes.map((node) => ({ ...node, port: 1 }));
  const { results, summary } = await runChecks({
    engines: await loadEngines(['postgresql', 'redis']),
    running: new Map([
      ['postgresql', postgresql],
      ['redis', { ...redis, nodes: nobody }],
    ]),
    checks: (await allChecks()).filter(({ id }) => /^redis\.|^postgresql\.users\.rows$/.test(id)),
    moments: { now: new Date() },
  });
  const ofRedis = results.filter(({ engine }) => engine === 'redis');
  expect(ofRedis.length).toBeGreaterThan(10);
  expect(ofRedis.map(({ verdict }) => verdict)).toEqual(ofRedis.map(() => 'unknown'));
  expect(ofRedis[0]?.reason).toContain('Redis does not answer');
  expect(results.find(({ engine }) => engine === 'postgresql')?.count).toEqual(expect.any(Number));
  expect(hasFailed(summary)).toBe(true);
});

test('a check of a collection that is not there is unknown, and no pass', async () => {
  const checks = (await allChecks())
    .filter(({ id }) => id === 'mongodb.user_contents.incomplete' || id === 'mongodb.user_contents.past-the-validator')
    .map((check) => ({
      ...check,
      contract: { ...check.contract, place: { ...check.contract.place, name: 'user_content' } },
    }));
  const { results } = await runChecks({
    engines: await loadEngines(['mongodb']),
    running: new Map([['mongodb', stack.engines.mongodb]]),
    checks,
    moments: { now: new Date() },
  });
  const reason = 'there is no collection user_content';
  expect(results.map((result) => [result.verdict, result.reason])).toEqual(checks.map(() => ['unknown', reason]));
});

test('a check of a database that a store does not have is unknown, and no pass', async () => {
  const names = { neo4j: 'neo4j.user.id-null', qdrant: 'qdrant.user_vectors.id-null' };
  const all = await allChecks();
  const inDatabase = (id: string, database: string) => {
    const check = all.find((each) => each.id === id) as Check;
    return { ...check, contract: { ...check.contract, place: { ...check.contract.place, database } } };
  };
  const { results } = await runChecks({
    engines: await loadEngines(['neo4j', 'qdrant']),
    running: new Map(Object.entries(stack.engines)),
    checks: [...Object.values(names).map((id) => inDatabase(id, 'elsewhere')), inDatabase('neo4j.user.rows', 'neo4j')],
    moments: { now: new Date() },
  });
  const verdicts = results.map(({ check, verdict, reason }) => [check, verdict === 'unknown' ? reason : 'known']);
  expect(Object.fromEntries(verdicts)).toEqual({
    [names.neo4j]: "only the login's own database is asked, neo4j, and not elsewhere",
    [names.qdrant]: 'Qdrant has no databases, and the contract names elsewhere',
    // Its own may be named.
    'neo4j.user.rows': 'known',
  });
});

/** Checks of all engines that cost their store more than they are declared to, by its own plan. */
async function dearerThanDeclared(change: (check: Check) => Check = (check) => check): Promise<readonly string[]> {
  const checks = (await allChecks()).map(change);
  const order = ['constant', 'indexed', 'scan'];
  const dearer: string[] = [];
  for (const check of checks.filter(({ cost }) => cost !== 'scan')) {
    const question = questionOf(check, { now: new Date(), seededAt: stack.dataset?.referenceTime as Date });
    const planned = question && (await plannedCosts[check.contract.engine]?.(question, stack));
    if (planned && order.indexOf(planned) > order.indexOf(check.cost)) dearer.push(`${check.id}: ${planned}`);
  }
  return dearer.toSorted();
}

/** No check costs its store more than it is declared to, by the plan of the store. */
async function expectDeclaredCosts(): Promise<void> {
  expect(await dearerThanDeclared()).toEqual([]);
  // Declared cheaper than they are, one of each engine that has plans is found.
  const known = ['postgresql.users.rows', 'mongodb.user_contents.incomplete', 'neo4j.concept.alone'];
  const found = await dearerThanDeclared((check) => (known.includes(check.id) ? { ...check, cost: 'indexed' } : check));
  expect(found).toEqual(known.map((id) => `${id}: scan`).toSorted());
}

const writes = {
  postgresql: [
    'SELECT lo_create(0) AS id',
    "SELECT '1' AS id) violations; DELETE FROM user_sessions; --",
    'DELETE FROM user_sessions RETURNING id',
    "SELECT pg_read_file('PG_VERSION') AS id",
  ],
  mongodb: ['{"pipeline":[{"$out":"written"}]}', '{"filter":{"$where":"true"}}'],
  neo4j: ["CREATE (x:User {id: 'written'}) RETURN x.id AS id"],
} as const;

test.each(Object.entries(writes))(
  'a query of %s that would write is refused, and is no pass',
  async (engine, queries) => {
    const engines = await loadEngines([engine as keyof typeof writes]);
    const contracts = await readContracts(platformContracts, [engine as keyof typeof writes]);
    const first = checksOf(contracts, engines).find(({ id }) => id.endsWith('.catalogue'));
    if (first === undefined) throw new Error('there is no check');
    const { results } = await runChecks({
      engines,
      running: new Map(Object.entries(stack.engines)),
      checks: queries.map((query, index) => ({ ...first, id: String(index), ask: { query, file: 'made up' } })),
      moments: { now: new Date() },
    });
    expect(results.map(({ verdict }) => verdict)).toEqual(queries.map(() => 'unknown'));
  },
);
