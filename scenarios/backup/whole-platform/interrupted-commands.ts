import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stagingDirectory } from '../../../sandbox/backup/create-backup.ts';
import { createBackup } from '../../../sandbox/backup/run-backup.ts';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { EngineWith } from '../../../sandbox/engines/contract/engine.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { stackIdentity } from '../../../sandbox/stack/state/stack-identity.ts';
import { rowRandom } from '../../../seeds/random/random.ts';
import type { CaseResult } from '../../results.ts';
import { type CasePlace, type Measures, runCase } from '../../run-case.ts';
import type { SuiteContext } from '../../suite-context.ts';
import { suite } from '../one-engine/drill.ts';
import { startS3Server } from '../s3-server/s3-server.ts';
import { startTcpProxy } from '../tcp-proxy.ts';
import { runToExit, startCommand } from './command.ts';
import { allEngines, createPlatformStack, fingerprintsOf, overwrite, type PlatformStack } from './platform-stack.ts';

const place: CasePlace = { suite, engine: allEngines, topology: 'standalone' };

/** How often a command is killed, each time at another share of what it takes. */
const kills = 2;

/** Each case runs up to a dozen commands. */
const limitShare = 3;

/** How these commands go does not depend on the engine: two are enough to see that all of them change over at once. */
const enginesMax = 2;

interface Interruption {
  readonly name: string;
  readonly run: (stack: PlatformStack, context: SuiteContext, measures: Measures) => Promise<void>;
}

const interruptions: readonly Interruption[] = [
  { name: 'a backup that is killed (kill -9) leaves no archive, and the next one is whole', run: killBackups },
  { name: 'a restore that is killed (kill -9) leaves all data as before or restored', run: killRestores },
  { name: 'an upload whose network is cut shows no archive, and the next backup sends it', run: cutUpload },
];

/** Breaks the commands themselves off, on the engines that take the least memory. */
export async function runInterruptedCommands(
  engines: readonly EngineWith<'data'>[],
  context: SuiteContext,
): Promise<readonly CaseResult[]> {
  const smallest = engines
    .toSorted((left, right) => left.resources().memoryBytes - right.resources().memoryBytes)
    .slice(0, enginesMax);
  const results: CaseResult[] = [];
  await using stack = await createPlatformStack(smallest, context);
  for (const { name, run } of interruptions) {
    const limited = { ...context, limitMs: limitShare * deadlineMs('suiteCase') };
    results.push(await runCase(place, name, limited, (measures) => run(stack, context, measures)));
  }
  return results;
}

async function killBackups(stack: PlatformStack, context: SuiteContext, measures: Measures): Promise<void> {
  await stack.up();
  const to = join(stack.directory, 'killed');
  await mkdir(to);
  const { durationMs } = await createBackup({ directory: stack.directory });
  for (const share of sharesOf(context.seed, 'killed backup')) {
    const before = await readdir(to);
    await killAfter(share * durationMs, ['backup', '--to', to], stack, measures);
    // One that ended before it was killed has its archive.
    const whole = (await readdir(to)).length - before.length;
    assert.ok(whole <= 1, `a backup that was killed left ${whole} archives`);
    await runToExit(0, ['backup', '--to', to], { cwd: stack.directory });
    assert.equal(
      (await readdir(to)).length,
      before.length + whole + 1,
      'the backup after it left no archive of its own',
    );
    for (const name of await readdir(to)) await runToExit(0, ['restore', join(to, name)], { cwd: stack.directory });
    assert.deepEqual(
      await readdir(await stagingDirectory(stackIdentity(stack))),
      [],
      'the next backup did not tidy up',
    );
  }
}

async function killRestores(stack: PlatformStack, context: SuiteContext, measures: Measures): Promise<void> {
  const { engines, directory } = stack;
  const good = await fingerprintsOf(engines, await stack.up());
  const { archive } = await createBackup({ directory });
  const restore = ['restore', join(archive.location, archive.name), '--into', 'replace', '--yes'];
  const beganMs = performance.now();
  await runToExit(0, restore, { cwd: directory });
  const durationMs = performance.now() - beganMs;
  for (const share of sharesOf(context.seed, 'killed restore')) {
    const live = await stack.up();
    await overwrite(engines, live, context);
    const before = await fingerprintsOf(engines, live);
    await killAfter(share * durationMs, restore, stack, measures);
    const after = await fingerprintsOf(engines, await stack.up());
    assert.ok(
      areSame(before, after) || areSame(good, after),
      'some engines have the data from before, and some what was restored, or something else',
    );
    await runToExit(0, restore, { cwd: directory });
    assert.ok(areSame(good, await fingerprintsOf(engines, await stack.up())), 'the next restore did not restore');
  }
}

async function cutUpload(stack: PlatformStack, _: SuiteContext, measures: Measures): Promise<void> {
  await stack.up();
  await using server = await startS3Server();
  await using proxy = await startTcpProxy(server.port);
  const { archive } = await createBackup({ directory: stack.directory });
  const command = ['backup', '--to', `s3://${server.bucket}/cut`];
  const options = {
    cwd: stack.directory,
    env: {
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
      AWS_ENDPOINT_URL_S3: proxy.endpoint,
    },
  };
  proxy.breakAt({ direction: 'up', afterBytes: archive.sizeBytes / 2, kind: 'cut' });
  const said = await runToExit(1, command, options);
  assert.match(said, /STORAGE_UNREACHABLE/);
  assert.deepEqual(await server.keys(), [], 'half an archive is shown');
  Object.assign(measures, { archiveBytes: archive.sizeBytes, sentBeforeTheCutBytes: proxy.passedBytes.up });
  proxy.heal();
  await runToExit(0, command, options);
  const keys = await server.keys();
  assert.equal(keys.length, 2, `the archive of the cut upload and its own: ${keys.join(', ')}`);
  for (const key of keys) {
    await runToExit(0, ['restore', `s3://${server.bucket}/${key}`], options);
  }
}

/** Kills a command after this long, in milliseconds; one that has ended by then is not counted. */
async function killAfter(
  ms: number,
  command: readonly string[],
  { directory }: PlatformStack,
  measures: Measures,
): Promise<void> {
  const running = startCommand(command, { cwd: directory });
  // Not a wait for something to happen: the moment is what is tried.
  await Promise.race([delay(ms), running]);
  running.kill('SIGKILL');
  const { signal } = await running;
  if (signal === 'SIGKILL') measures.killed = Number(measures.killed ?? 0) + 1;
}

function sharesOf(seed: number, purpose: string): readonly number[] {
  const random = rowRandom(seed, purpose)(0);
  return Array.from({ length: kills }, () => random.float());
}

function areSame(left: ReadonlyMap<string, Fingerprint>, right: ReadonlyMap<string, Fingerprint>): boolean {
  return [...left].every(([engine, fingerprint]) => {
    const { different } = differenceOf(fingerprint, right.get(engine) ?? { parts: {} });
    return different.length === 0;
  });
}
