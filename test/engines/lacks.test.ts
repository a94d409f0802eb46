import { expect, test } from 'vitest';
import { enginesWithoutPaths } from '../../bench/measure/paths-not-run.ts';
import type { ArchivedEngine } from '../../sandbox/backup/archive/manifest.ts';
import { commonDataset } from '../../sandbox/backup/common-dataset.ts';
import { silent } from '../../sandbox/core/progress.ts';
import {
  type CapabilityName,
  defineEngine,
  type Engine,
  type PartName,
} from '../../sandbox/engines/contract/engine.ts';
import { hasAll, splitByCapability, whyWithout, whyWithoutTopology } from '../../sandbox/engines/contract/lacks.ts';
import { topologyNames } from '../../sandbox/engines/contract/topology.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { runFailoverSuite } from '../../scenarios/failover/suite.ts';
import { runLoadedSuites } from '../../scenarios/loaded-suites.ts';
import type { SuiteContext } from '../../scenarios/suite-context.ts';
import { createDataset } from '../../seeds/create-dataset.ts';

const { name, title, image, resources, secretNames, probe, uri, environment } = redis;
const core = { name, title, image, resources, secretNames, probe, uri, environment };
const reasons = {
  replicated: 'one node is all',
  clustered: 'nothing is shared out',
  schema: 'it takes what comes',
  data: 'it keeps nothing',
  backup: 'there is nothing to take',
  failover: 'nobody follows',
  bench: 'nothing of it is asked for',
  shell: 'there is no program',
  dataVersions: 'nothing is on disk',
  metrics: 'there is nothing to measure',
  isolation: 'its tests share one store',
  insight: 'it does not tell what it was asked',
  quality: 'nobody has written contracts for it',
};
const coreOnly: Engine = defineEngine({ ...core, topologies: { standalone: redis.topologies.standalone } }).without(
  reasons,
);

const capabilities = [
  'schema',
  'data',
  'backup',
  'failover',
  'bench',
  'shell',
  'dataVersions',
  'isolation',
  'insight',
  'metrics',
] as const;
const engines = await loadEngines(engineNames);

test('an engine without a reason for what it is without does not compile', () => {
  const begun = defineEngine({ ...core, topologies: redis.topologies, backup: redis.backup });
  const said = {
    schema: '',
    failover: '',
    bench: '',
    shell: '',
    dataVersions: '',
    isolation: '',
    insight: '',
    metrics: '',
  };
  // @ts-expect-error of a point in time there is no word, and none of data
  expect(begun.without(said).lacks).toBeDefined();
  // @ts-expect-error it has a backup
  expect(defineEngine({ ...core, topologies: redis.topologies }).without({ backups: '' }).lacks).toBeDefined();
});

test.each(engines)('$name says why it is without each capability, part and topology that it is without', (engine) => {
  const { backup, data, bench } = engine;
  const parts: Readonly<Record<Exclude<PartName, 'replicated' | 'clustered'>, unknown>> = {
    baseline: data?.baseline,
    pointInTime: backup?.pointInTime,
    earlierImage: backup?.earlierImage,
    restoreBeside: backup?.restoreBeside,
    platformReads: bench?.platformReads,
    external: bench?.external,
    serverSettings: bench?.serverSettings,
    leases: bench?.leases,
  };
  const isThere = (key: string) =>
    (parts[key as keyof typeof parts] ?? engine[key as CapabilityName] ?? engine.topologies[key as 'replicated']) !==
    undefined;
  for (const key of [...capabilities, ...Object.keys(parts), 'replicated', 'clustered'])
    expect([key, isThere(key) !== (engine.lacks[key as PartName] !== undefined)]).toEqual([key, true]);
  for (const reason of Object.values(engine.lacks)) expect(reason.length).toBeGreaterThan(10);
});

test('engines are split into those that have all that is asked for and those that have not, with the reason', () => {
  expect(splitByCapability([redis, coreOnly], 'backup', 'data')).toEqual({
    able: [redis],
    unable: [{ engine: coreOnly, reason: reasons.backup }],
  });
  expect(splitByCapability([coreOnly], 'data', 'backup').unable).toMatchObject([{ reason: reasons.data }]);
  expect(hasAll(coreOnly)).toBe(true);
});

test('what is within a capability is lacking for the reason for which that is', () => {
  expect(whyWithout(coreOnly, 'pointInTime')).toBe(reasons.backup);
  expect(whyWithout(coreOnly, 'serverSettings')).toBe(reasons.bench);
  expect(whyWithout(redis, 'pointInTime')).toMatch(/without a time/);
  for (const topology of topologyNames.slice(1)) {
    expect(whyWithoutTopology(coreOnly, topology)).toBe(reasons[topology as 'replicated']);
  }
});

const context: SuiteContext = {
  ...{ depth: 'full', size: 'small', seed: 1, reportDirectory: '', progress: silent },
  ...{ stackOptions: {}, signal: new AbortController().signal, images: new Map() },
};

test('suites report an engine of a core alone as not run, with the reason, and start nothing', async () => {
  const dataset = createDataset({ size: 'small' });
  const loaded = await runLoadedSuites(coreOnly, ['contract', 'backup-restore'], dataset, context);
  expect(loaded).toMatchObject([
    { suite: 'contract', verdict: 'not-run', reason: reasons.schema },
    { suite: 'backup-restore', verdict: 'not-run', reason: reasons.backup },
  ]);
  expect(await runFailoverSuite(coreOnly, context)).toMatchObject([{ verdict: 'not-run', reason: reasons.failover }]);
});

test('a benchmark reports it as not run', () => {
  const running = new Map([[coreOnly.name, {} as never]]);
  const target = { engines: [coreOnly], running, dataset: createDataset({ size: 'small' }) };
  expect(enginesWithoutPaths(target)).toEqual([{ engine: 'redis', path: 'query paths', reason: reasons.bench }]);
  expect(enginesWithoutPaths(target, ['a path'])).toEqual([]);
});

test('an archive keeps its dataset beside an engine that keeps none, and not beside one that holds another', () => {
  const dataset = { size: 'small', seed: 1, fingerprint: 'f' } as const;
  const archived = (engine: string, datasetFingerprint: string | null) =>
    ({ backup: { engine }, datasetFingerprint }) as unknown as ArchivedEngine;
  const keeping = { name: 'neo4j', data: redis.data } as const;
  const known = (engine: string) => (engine === 'neo4j' ? dataset : undefined);
  const both = [archived('redis', null), archived('neo4j', 'f')];
  expect(commonDataset(both, [coreOnly, keeping], known)).toBe(dataset);
  expect(commonDataset(both, [redis, keeping], known)).toBeUndefined();
  expect(commonDataset(both.slice(0, 1), [coreOnly], known)).toBeUndefined();
});
