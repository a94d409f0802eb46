import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { labelNames } from '../../../sandbox/containers/runtime/labels.ts';
import { findContainers, findVolumes } from '../../../sandbox/containers/runtime/objects.ts';
import { type CommandBlock, commandBlocksOf } from './commands-of.ts';

const root = join(import.meta.dirname, '../../..');

/** The documents whose commands are run, in the order in which they are read. */
export async function readBlocks(): Promise<readonly CommandBlock[]> {
  const names = [
    'README.md',
    ...(await readdir(join(root, 'docs'), { recursive: true })).toSorted().map((name) => `docs/${name}`),
  ];
  const documents = names.filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(documents.map((name) => readFile(join(root, name), 'utf8')));
  return documents.flatMap((name, index) => commandBlocksOf(name, texts[index] ?? ''));
}

/** A copy of the checkout, with a stack of its own; disposing of it removes both. */
export interface Checkout extends AsyncDisposable {
  readonly path: string;
  /** Runs commands one after the other in one shell, as somebody would who has pasted them. */
  readonly run: (block: CommandBlock, timeoutMs: number) => Promise<readonly Ran[]>;
  /** A stack as its first start makes it. */
  readonly freshStack: () => Promise<void>;
}

interface Ran {
  readonly command: string;
  readonly exitCode: number;
  readonly output: string;
}

/** Commands that go on until somebody has seen enough: they are interrupted after some seconds, as by Ctrl-C. */
const endless = / --(?:follow|watch)\b/;
const interruptedAfterS = 3;

/** `settings`: variables of the sandbox, for all commands. Default: none. */
export async function copyCheckout(settings: Readonly<Record<string, string>> = {}): Promise<Checkout> {
  const path = await mkdtemp(join(tmpdir(), 'taishang-documents-'));
  const { stdout } = await execa('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: root });
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await copyFile(join(root, file), join(path, file)).catch(unlessGone);
  }
  await symlink(join(root, 'node_modules'), join(path, 'node_modules'));
  const env = { ...cleanEnvironment(), ...settings };
  const sandbox = async (...args: readonly string[]) => {
    await execa('npm', ['run', '--silent', 'sandbox', '--', ...args], { cwd: path, env, extendEnv: false });
  };
  return {
    path,
    run: (block, timeoutMs) => runBlock(block, { cwd: path, env, timeoutMs }),
    async freshStack() {
      await sandbox('down', '-v');
      await sandbox('up', '--progress', 'quiet');
    },
    async [Symbol.asyncDispose]() {
      for (const name of await stacksOf(path)) await sandbox('down', '-v', '--name', name);
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A file that another test has made in the checkout for itself may be gone since it was listed. */
function unlessGone(thrown: NodeJS.ErrnoException): void {
  if (thrown.code !== 'ENOENT') throw thrown;
}

/** Names of the stacks of a folder, those that restores have made beside its own too. */
async function stacksOf(directory: string): Promise<ReadonlySet<string>> {
  const labels = { [labelNames.directory]: directory };
  const found = await Promise.all([findContainers(labels), findVolumes(labels)]);
  return new Set(found.flat().flatMap((each) => each.labels[labelNames.stack] ?? []));
}

/** What npm has put there for the tests would be taken for the caller's own. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = ([name]: readonly [string, unknown]) => !/^npm_|^INIT_CWD$|^VITEST|^NODE_ENV$/i.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(own));
}

interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

async function runBlock({ commands }: CommandBlock, { cwd, env, timeoutMs }: Place): Promise<readonly Ran[]> {
  const script = join(cwd, '.block.sh');
  const results = join(cwd, '.results');
  await mkdir(results);
  try {
    await writeFile(
      script,
      `${(await Promise.all(commands.map((each, index) => lineOf(each, index, cwd)))).join('\n')}\n`,
    );
    await execa('bash', [script], { cwd, env, extendEnv: false, reject: false, stdin: 'ignore', timeout: timeoutMs });
    return await Promise.all(
      commands.map(async (command, index) => ({
        command,
        exitCode: Number(await readFile(join(results, `${index}.code`), 'utf8').catch(() => 'NaN')),
        output: await readFile(join(results, `${index}.output`), 'utf8').catch(() => ''),
      })),
    );
  } finally {
    await rm(results, { recursive: true });
    await rm(script, { force: true });
  }
}

/** A command as it stands, in braces: what it sets is there for the next one. */
async function lineOf(command: string, index: number, cwd: string): Promise<string> {
  const asWritten = command
    .replaceAll(/\bDIR\b/g, join(cwd, 'elsewhere'))
    .replaceAll(/\bFILE\b/g, newestBackup)
    .replaceAll(/'\d{4}-\d\d-\d\d \d\d:\d\d'/g, presentMoment);
  const run = endless.test(command) ? `timeout --signal=INT ${interruptedAfterS} ${asWritten}` : asWritten;
  return `{ ${run}\n} > .results/${index}.output 2>&1; echo $? > .results/${index}.code`;
}

/** What the documents call FILE: the name of the newest backup that `backup list` shows. */
const newestBackup =
  '"$(npm run --silent sandbox -- backup list | grep -o "taishang-backup-[0-9_]*.tar.gz" | tail -1)"';

/** A moment that can be restored, in place of the one that is written. */
const presentMoment = '"$(date --utc +%FT%T.%3NZ)"';

/** Exit codes that a command may end with. */
export function goodExitCodes(command: string): readonly number[] {
  // 124: ended by `timeout`, 130: by SIGINT.
  if (endless.test(command)) return [0, 1, 124, 130];
  return /# .*exit code 1 where/.test(command) ? [0, 1] : [0];
}
