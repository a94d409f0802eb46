import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createPrivateFolder } from '../../containers/runtime/private-folder.ts';
import { AsyncDisposableStack } from '../../core/disposable-stack.ts';
import { SandboxError } from '../../core/errors.ts';
import { runTask, silent } from '../../core/progress.ts';
import { runConcurrently } from '../../core/run-concurrently.ts';
import { momentText } from '../../core/text/moment.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import { totalBytes } from '../../engines/shared/backup/backup-files.ts';
import { createStack } from '../../stack/create-stack.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import type { ArchivedEngine, ArchiveManifest } from '../archive/manifest.ts';
import { commonDataset } from '../common-dataset.ts';
import { stagingDirectory } from '../create-backup.ts';
import { type RestoreSource, restoreFailed } from '../restore/restore-one.ts';
import type { RestoreOptions } from '../restore/restore-options.ts';
import { baseFolder, baseManifest } from './base-parts.ts';
import { type LogFolder, openLogFolder } from './log-folder.ts';
import { contains, outOfRange, reachesOf, takeLog } from './moments.ts';

/**
 * Refuses a moment that an archive does not lead to, and engines that come from no moment but the archive's own unless
 * `nearest` takes them. Throws `MOMENT_OUT_OF_RANGE`, `NOT_SUPPORTED`.
 */
export async function requireMoment(
  source: RestoreSource,
  { moment, nearest = false, progress = silent }: RestoreOptions & { readonly moment: Date },
  identity: StackIdentity,
): Promise<void> {
  const { manifest, engines } = source;
  const able = engines.filter(({ name }) => rawOf(manifest, name)?.base !== undefined);
  const others = engines.filter((engine) => !able.includes(engine));
  if (others.length > 0 && !nearest) throw onlyItsOwnMoment(others, able, manifest);
  const log = await openLogFolder(identity);
  const names = able.map(({ name }) => name);
  if (log !== undefined) await takeLog(identity, log, names, progress);
  const bases = Object.fromEntries(able.map(({ name }) => [name, rawOf(manifest, name)?.base ?? {}]));
  const [reach = {}] = await reachesOf(identity, [{ bases }], { live: false });
  const leads = able.every(({ name }) => reach[name] !== undefined && contains(reach[name], moment));
  if (able.length === 0 || !leads)
    throw outOfRange(moment, `The archive of ${manifest.createdAt} does not lead to`, [reach]);
}

function onlyItsOwnMoment(
  others: readonly Engine[],
  able: readonly Engine[],
  { createdAt }: ArchiveManifest,
): SandboxError {
  const reasons = others.map((engine) => {
    const isAble = engine.backup?.pointInTime !== undefined;
    return `${engine.title}: ${isAble ? 'the archive has no base backup of it' : whyWithout(engine, 'pointInTime')}`;
  });
  const alone = able.map(({ name }) => name).join(',');
  const engines = alone === '' ? '' : `--engines ${alone} restores what can be; `;
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    message: `${others.map(({ title }) => title).join(', ')} cannot be restored to a moment: the archive has no other one than its own, ${momentText(new Date(createdAt))}.`,
    next: `Nothing was touched. ${engines}--nearest takes these as the archive has them.`,
    evidence: reasons.join('\n'),
  });
}

/** An archive as it would have been at a moment. Disposing of it removes its files. */
export interface SourceAtMoment extends AsyncDisposable {
  readonly source: RestoreSource;
}

/**
 * Engines with a base backup are brought to the moment on a server of their own, which nobody uses, and are backed up
 * there: what is restored from that goes the same ways as any other archive, into any topology.
 */
export async function sourceAtMoment(
  source: RestoreSource,
  options: RestoreOptions & { readonly moment: Date },
  identity: StackIdentity,
): Promise<SourceAtMoment> {
  const log = await openLogFolder(identity);
  if (log === undefined) throw outOfRange(options.moment, 'The archive does not lead to', []);
  await using cleanUp = new AsyncDisposableStack();
  const staging = cleanUp.use(await createPrivateFolder(await stagingDirectory(identity)));
  const brought = await runConcurrently(source.engines, (engine) =>
    bringTo(source, engine, { log, staging: staging.path, options }).catch((thrown) => {
      throw restoreFailed(thrown, engine);
    }),
  );
  const engines = source.manifest.engines.map(
    (archived) => brought.find((each) => each?.backup.engine === archived.backup.engine) ?? archived,
  );
  const isBrought = (name: string) => brought.some((each) => each?.backup.engine === name);
  const dataset = commonDataset(engines, source.engines, () => source.manifest.dataset ?? undefined) ?? null;
  const kept = cleanUp.move();
  return {
    source: {
      ...source,
      manifest: { ...source.manifest, engines, dataset },
      folderOf: (name) => (isBrought(name) ? join(staging.path, name) : source.folderOf(name)),
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Bringing {
  readonly log: LogFolder;
  readonly staging: string;
  readonly options: RestoreOptions & { readonly moment: Date };
}

async function bringTo(
  { manifest, folderOf, signal }: RestoreSource,
  engine: Engine,
  { log, staging, options }: Bringing,
): Promise<ArchivedEngine | undefined> {
  const { name, backup, data } = engine;
  const pointInTime = backup?.pointInTime;
  const archived = rawOf(manifest, name);
  if (archived?.base === undefined || backup === undefined || pointInTime === undefined) return undefined;
  const { images, dockerInstall, readyTimeoutMs, progress = silent, moment } = options;
  return runTask(progress, ['bring to the moment', name], async (task) => {
    const beganMs = performance.now();
    const based = join(folderOf(name), baseFolder);
    const whole = await pointInTime.keptLog.copyInto(based, baseManifest(archived), log.of(name), moment);
    await using stack = await createStack({
      engines: [name],
      size: 'none',
      schema: false,
      connect: false,
      ...withoutUndefined({ images, dockerInstall, readyTimeoutMs, signal }),
    });
    const running = Object.values(stack.engines)[0];
    if (running === undefined) throw new Error(`${name} was not started`);
    await pointInTime.restore(running, based, whole, { time: moment });
    signal?.throwIfAborted();
    const directory = join(staging, name);
    await mkdir(directory, { mode: 0o700 });
    const leftOut = await backup.leftOut(running);
    const taken = await backup.backUp(running, directory);
    const datasetFingerprint = (await data?.loadedFingerprint(running)) ?? null;
    task.summarise(momentText(moment));
    const { topology } = archived;
    const durationMs = Math.round(performance.now() - beganMs);
    return { backup: taken, topology, datasetFingerprint, leftOut, durationMs, sizeBytes: totalBytes(taken) };
  });
}

function rawOf({ engines }: ArchiveManifest, name: string): ArchivedEngine | undefined {
  return engines.find(({ backup }) => backup.engine === name);
}
