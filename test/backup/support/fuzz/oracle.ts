import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import type { ArchiveSigner } from '../../../../sandbox/backup/archive/signature.ts';
import type { Checked } from './check-process.ts';
import { described, writeContents } from './contents.ts';
import type { Mutant } from './mutate.ts';
import { controls } from './offline-controls.ts';

/** Judges what becomes of archives that a process of its own is given. */
export interface Oracle extends AsyncDisposable {
  /** What must not have happened, in words; nothing where all is well. */
  readonly judge: (mutant: Mutant) => Promise<{ readonly outcome: string; readonly findings: readonly string[] }>;
}

/** An archive of some kilobytes is read in some milliseconds, and a bomb in seconds; reading on without end is told by this. */
const answerMs = 60_000;

/** What a check may take more than the process has at rest: far less than a bomb's 512 MiB, more than a garbage collection leaves. */
const memoryBytesMax = 192 * 2 ** 20;

/** What may lie in the staging folder beside what the manifest states. */
const diskSlackBytes = 16 * 2 ** 20;

/** How often the staging folder is looked at, in milliseconds. */
const lookEveryMs = 10;

/**
 * Starts a process that checks archives in `folder`: with the engines' own readers, or with the fault of this name put
 * back. Around the folder that it unpacks into lie a pipe that nobody writes into and files that nobody may touch.
 */
export async function startOracle(
  folder: string,
  signers: readonly ArchiveSigner[],
  control = '',
  deadlineMs = controls[control]?.answerMs ?? answerMs,
): Promise<Oracle> {
  const staging = join(folder, 'staging');
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, 'outside.bson'), Buffer.from([5, 0, 0, 0, 0]));
  execFileSync('mkfifo', [join(staging, 'pipe')]);
  const around = await treeOf(folder);
  const atRest = await startProcess(control);
  let child = atRest.child;
  const file = join(folder, 'mutant.tar.gz');

  async function judge(mutant: Mutant) {
    await writeContents(file, mutant.contents, signers, mutant.manifest);
    const statedBytes = described(mutant.contents).engines.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    const watching = watchPeak(staging);
    const answer = await ask(child, { file, staging }, deadlineMs);
    const peakBytes = await watching.end();
    const findings: string[] = [];
    if (answer === undefined) {
      findings.push(`no answer within ${deadlineMs} ms`);
      child = (await startProcess(control, child)).child;
      await removeUnpacked(staging);
    } else {
      const usedBytes = answer.residentBytesMax - atRest.bytes;
      if (answer.outcome.startsWith('INTERNAL')) findings.push(answer.outcome);
      if (usedBytes > memoryBytesMax) findings.push(`took ${usedBytes} bytes of memory`);
      if (answer.outcome === 'taken' && mutant.expected === 'refused') findings.push('taken, and must be refused');
      if (answer.outcome === 'taken' && mutant.expected === 'named' && answer.doors.length === 0) {
        findings.push('taken, and no rights are named');
      }
    }
    if (peakBytes > statedBytes + diskSlackBytes) findings.push(`took ${peakBytes} bytes on the disk`);
    const now = await treeOf(folder);
    if (now !== around) findings.push(`left something, or changed something outside of its folder:\n${now}`);
    return { outcome: answer?.outcome ?? 'none', findings };
  }
  return {
    judge,
    async [Symbol.asyncDispose]() {
      await end(child);
    },
  };
}

/** Memory of the process once it has read everything that it runs, in bytes. */
async function startProcess(control: string, former?: ChildProcess) {
  if (former !== undefined) await end(former);
  const child = fork(join(import.meta.dirname, 'check-process.ts'), [control], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // What the checks before have left counts for none of the next.
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  // There is no such file: it answers once it is there.
  const answer = await ask(child, { file: '/nowhere/archive.tar.gz', staging: '/nowhere' }, 60_000);
  if (answer === undefined) throw new Error('the process that checks archives does not answer');
  return { child, bytes: answer.residentBytesMax };
}

async function ask(child: ChildProcess, question: object, timeoutMs: number): Promise<Checked | undefined> {
  const enough = new AbortController();
  const late = setTimeout(() => enough.abort(), timeoutMs);
  const answered = once(child, 'message', { signal: enough.signal });
  const ended = once(child, 'exit', { signal: enough.signal });
  child.send(question);
  try {
    const [answer] = (await Promise.race([answered, ended])) as [unknown];
    if (typeof answer === 'object' && answer !== null) return answer as Checked;
    return { outcome: 'INTERNAL: the process ended', doors: [], residentBytesMax: 0 };
  } catch (thrown) {
    if (enough.signal.aborted) return undefined;
    throw thrown;
  } finally {
    clearTimeout(late);
    answered.catch(() => {});
    ended.catch(() => {});
    enough.abort();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Size of the largest that was in the folder, in bytes. */
function watchPeak(folder: string) {
  const ended = new AbortController();
  let peakBytes = 0;
  const watching = (async () => {
    for await (const _ of setInterval(lookEveryMs, undefined, { signal: ended.signal })) {
      peakBytes = Math.max(peakBytes, await sizeOf(folder));
    }
  })().catch(() => {});
  return {
    async end() {
      ended.abort();
      await watching;
      return peakBytes;
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = entries.map((entry) =>
    lstat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}

/** Everything in a folder but the mutant itself, with sizes and moments of change. */
async function treeOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const lines = entries
    .filter(({ name }) => name !== 'mutant.tar.gz')
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const found = await lstat(path);
      return `${path} ${entry.isDirectory() ? 'folder' : `${found.size} ${found.mtimeMs}`}`;
    });
  return (await Promise.all(lines)).toSorted().join('\n');
}

async function removeUnpacked(staging: string): Promise<void> {
  const names = await readdir(staging);
  await Promise.all(
    names.filter((name) => name.startsWith('.taishang-')).map((name) => rm(join(staging, name), { recursive: true })),
  );
}
