import assert from 'node:assert/strict';
import { AsyncDisposableStack } from '../../../sandbox/core/disposable-stack.ts';
import { SandboxError } from '../../../sandbox/core/errors.ts';
import { createTemporaryFolder } from '../../../sandbox/core/files/temporary-folder.ts';
import type { Backup, BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { Engine, EngineWith } from '../../../sandbox/engines/contract/engine.ts';
import { whyWithout } from '../../../sandbox/engines/contract/lacks.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import type { CaseResult } from '../../results.ts';
import { type CasePlace, type Measures, notRun, runCase } from '../../run-case.ts';
import type { SuiteContext } from '../../suite-context.ts';

export const suite = 'backup-restore';

/** What the drills of one engine's backups work with. */
export interface DrillSubject {
  readonly engine: EngineWith<'data'>;
  readonly backup: Backup;
  /** Up and loaded. Drills may add to it in places of their own. */
  readonly source: RunningEngine;
  readonly context: SuiteContext;
}

/** One question that is asked of an engine's backups. */
export interface Drill {
  readonly name: string;
  /** Reason not to ask it of this engine, or of this image of it. */
  readonly notRun?: (subject: DrillSubject) => string | undefined;
  readonly run: (subject: DrillSubject, measures: Measures) => Promise<void>;
}

export async function runDrill({ name, notRun: reasonOf, run }: Drill, subject: DrillSubject): Promise<CaseResult> {
  const place = placeOf(subject.source);
  const reason = reasonOf?.(subject);
  if (reason !== undefined) return notRun(place, name, reason);
  return runCase(place, name, subject.context, (measures) => run(subject, measures));
}

export function placeOf(running: RunningEngine): CasePlace {
  return { suite, engine: running.engine, topology: running.topology, origin: running.image.origin };
}

/** Why nothing can be written to an engine while a drill looks; `undefined` where it can. */
export function whyWithoutSet(engine: Engine): string | undefined {
  if (engine.failover === undefined) return whyWithout(engine, 'failover');
  return engine.failover.workloads.set === undefined ? 'it has no workload that adds to a set' : undefined;
}

/** A backup in a folder of its own, which goes with it. */
export interface BackupOnDisk extends AsyncDisposable {
  readonly directory: string;
  readonly manifest: BackupManifest;
  readonly durationMs: number;
}

/** Backs a running engine up. */
export async function backUpNow(backup: Backup, running: RunningEngine): Promise<BackupOnDisk> {
  await using cleanUp = new AsyncDisposableStack();
  const { path: directory } = cleanUp.use(await createTemporaryFolder('taishang-backup-'));
  const startedMs = performance.now();
  const manifest = await failing('The backup', () => backup.backUp(running, directory));
  const durationMs = performance.now() - startedMs;
  const kept = cleanUp.move();
  return { directory, manifest, durationMs, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** An `AssertionError` that names every part that differs. What came to the end of its lifetime in between may be gone. */
export function requireSame(before: Fingerprint, after: Fingerprint, what = 'after the restore'): void {
  assert.ok(Object.keys(before.parts).length > 0, 'the fingerprint has no part');
  const { different } = differenceOf(before, after);
  assert.deepEqual(different, [], `${what} these parts are not the same: ${different.join(', ')}`);
}

/** An `AssertionError` unless `act` is refused with this code. */
export async function requireRefusal(what: string, code: string, act: () => Promise<unknown>): Promise<void> {
  const refusal = await act().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(refusal !== undefined, `${what} was taken without complaint`);
  if (!(refusal instanceof SandboxError)) throw refusal;
  assert.equal(refusal.code, code, refusal.message);
}

/** These errors are what the suite looks for: findings, not a question that could not be decided. */
export async function failing<Value>(what: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof SandboxError) || !/^(BACKUP|RESTORE)_/.test(thrown.code)) throw thrown;
    const evidence = thrown.evidence === undefined ? '' : `\n${thrown.evidence}`;
    throw new assert.AssertionError({ message: `${what} did not succeed: ${thrown.message}${evidence}` });
  }
}

/** The first volume of an engine's first node holds its data. */
export function dataPathOf(engine: Engine, { topology, secrets, image }: RunningEngine): string | undefined {
  const laidOut = engine.topologies[topology];
  if (laidOut === undefined) return undefined;
  const [spec] = laidOut.nodes({ secrets, image, hostPort: () => 0, address: () => '' });
  return spec?.volumes?.[0]?.path;
}
