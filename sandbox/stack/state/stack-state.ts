import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetSize } from '../../../seeds/dataset.ts';
import type { ResolvedImage } from '../../containers/images/image-spec.ts';
import type { NodeHandle } from '../../containers/nodes/node-spec.ts';
import type { Labels } from '../../containers/runtime/labels.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { removePartials, writePrivateFile } from '../../core/files/private-files.ts';
import type { Secrets, TopologyName } from '../../engines/contract/topology.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import type { Migrated } from './migrated.ts';
import { forgetMetrics } from './published-metrics.ts';
import { forgetQuality } from './quality-histories.ts';
import { ensureStackFolder, findStackFolder, removeEmptyStackFolder } from './stack-folder.ts';
import { isSealed, provenanceOf, sealOf } from './stack-key.ts';
import { stateDirectory } from './state-directory.ts';

/** What is known of an engine of a stack between two commands. Holds no password. */
export interface EngineState {
  readonly topology: TopologyName;
  readonly image: ResolvedImage;
  readonly serverVersion: string;
  /** From the start of its first container to the first answer of its last node. */
  readonly readyMs: number;
  readonly nodes: readonly NodeHandle[];
  /** Absent: the engine has no watcher, or was started without one. */
  readonly watcher?: NodeHandle;
  readonly dataset?: LoadedDataset;
  /** A service's own schema. Absent: it has none. */
  readonly migrated?: Migrated;
  /** Which generation of its volumes it runs on: see `generations.ts`. Absent: the first. */
  readonly generation?: number;
}

export interface LoadedDataset {
  /** `files`: the rows came from files. */
  readonly size: DatasetSize | 'files';
  readonly seed: number;
  readonly fingerprint: string;
  /** Release of the sandbox that loaded it. Absent: an early one. */
  readonly madeBy?: string;
}

/** Release of this sandbox, as `package.json` names it. */
export const { version: release } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8'),
) as { readonly version: string };

/** Version of the files of a stack that this release writes, and the newest that it reads. */
const filesVersion = 1;

export interface StackState {
  readonly version: 1;
  readonly name: string;
  /** Hash of what the last complete start was made from: see `sourceHash`. Absent while a start is under way. */
  readonly sourceHash?: string | undefined;
  /** Engines whose first start never got as far as its schema: their volumes are made anew. */
  readonly unfinished: readonly string[];
  /** Engines that a load has begun in and no check has passed yet. Absent: none. */
  readonly unchecked?: readonly string[];
  /** `<node>:<container port>` to the host port that it keeps. */
  readonly hostPorts: Readonly<Record<string, number>>;
  /** Node to the number of its fixed address in the stack's network. Absent: no node has one, or a release up to 0.2.0 gave it. */
  readonly addressNumbers?: Readonly<Record<string, number>>;
  readonly engines: Readonly<Record<string, EngineState>>;
  /**
   * Engines that are to run: those that were started since the stack was last taken down, and those that a start is bringing
   * up, whether anything is known of them yet or not. Absent: an earlier release wrote it, and nobody can tell an engine whose containers were removed by hand from one that was left out.
   */
  readonly wanted?: readonly string[] | undefined;
  /** Those that were to run when the stack was taken down last. Absent: it never was, or an earlier release did it. */
  readonly stopped?: readonly string[] | undefined;
  /** HMAC of the rest under the key of the stack: what else lies there was not written by its sandbox. */
  readonly seal?: string;
}

/** Passwords and what holds them: kept apart, in a file that only its owner can read. */
export interface StackSecrets {
  /** Absent in what version 0.1 wrote. */
  readonly version?: 1;
  /** Key of the stack: see `stack-key.ts`. Absent in what an earlier version wrote. */
  readonly key?: string;
  /** Folder of the project that the stack is of. Absent in what an earlier version wrote. */
  readonly directory?: string;
  readonly secrets: Readonly<Record<string, Secrets>>;
  /** Per engine, ready to be printed without loading its driver. */
  readonly connections: Readonly<Record<string, StoredConnection>>;
}

export interface StoredConnection {
  readonly uri: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Path of the state of a stack, whether it is there or not. */
export async function stateFile(directory: string, name: string): Promise<string> {
  return join(await folderOfFiles(directory, name), `${name}.state.json`);
}

export const emptyState = (name: string): StackState => ({
  version: 1,
  name,
  unfinished: [],
  hostPorts: {},
  engines: {},
});
/**
 * Engines that are meant where nobody names any: those that are to run, all that are known where none is. One that was left out
 * when the stack was started again is no reason to refuse what the others can do.
 */
export function enginesMeant({ engines, wanted = [] }: Pick<StackState, 'engines' | 'wanted'>): readonly EngineName[] {
  const known = Object.keys(engines) as readonly EngineName[];
  const toRun = known.filter((name) => wanted.includes(name));
  return toRun.length > 0 ? toRun : known;
}

/**
 * Engines that a stack goes on with as it was: those that are to run; where nothing is known of any of them, those that were when it
 * was taken down, and all that are known where nobody knows that.
 */
export function enginesAsTheyWere(state: Pick<StackState, 'engines' | 'wanted' | 'stopped'>): readonly EngineName[] {
  return enginesMeant({ engines: state.engines, wanted: lastToRun(state) });
}

/** A first start of further engines that was killed, before anything was known of them, leaves what ran before as it was. */
function lastToRun({ engines, wanted, stopped }: Pick<StackState, 'engines' | 'wanted' | 'stopped'>) {
  return wanted?.some((name) => Object.hasOwn(engines, name)) === false ? stopped : wanted;
}

export const noSecrets: StackSecrets = { version: filesVersion, secrets: {}, connections: {} };

/**
 * State of a stack, `undefined` where there is none that goes with its passwords. Throws `STATE_CORRUPT` where it
 * cannot be understood, and `NAME_TAKEN`.
 */
export async function readState(directory: string, name: string): Promise<StackState | undefined> {
  const path = await stateFile(directory, name);
  const [state, secrets] = await Promise.all([
    readJson(path, isState) as Promise<StackState | undefined>,
    readSecrets(directory, name).catch((thrown) => {
      if (isOfLaterRelease(thrown) || (thrown instanceof SandboxError && thrown.code === 'NAME_TAKEN')) throw thrown;
      return undefined;
    }),
  ]);
  // Passwords that are there and cannot be understood are told by who reads them.
  return state !== undefined && secrets !== undefined && isSealed(state, secrets.key) ? state : undefined;
}

/**
 * Passwords of a stack, `undefined` where there are none. Throws `STATE_CORRUPT` where they cannot be understood, and
 * `NAME_TAKEN` where a stack of another project has this name; one whose project has moved is taken along.
 */
export async function readSecrets(directory: string, name: string): Promise<StackSecrets | undefined> {
  const secrets = (await readJson(await secretsFile(directory, name), isSecrets)) as StackSecrets | undefined;
  // What a checkout brings does not say whose name this is.
  const isKept = secrets !== undefined && !(await areFilesInProject(directory, name));
  const other = (isKept ? secrets.directory : undefined) ?? directory;
  if (other !== directory && existsSync(other)) throw nameOfOther(name, other);
  return secrets;
}

/** Whether the files of a stack still lie where version 0.1 kept them, in the project. */
export async function areFilesInProject(directory: string, name: string): Promise<boolean> {
  return (await folderOfFiles(directory, name)) === stateDirectory(directory);
}

/** Removes what version 0.1 kept in the project, once it is kept where it belongs. */
export async function forgetFilesInProject(directory: string, name: string): Promise<void> {
  if (!(await areFilesInProject(directory, name))) await removeFiles(stateDirectory(directory), name);
}

/** {@link readSecrets} of a stack whose containers or volumes these are. Throws `SECRETS_LOST` where they are not its. */
export async function readOwnSecrets(
  directory: string,
  name: string,
  objects: readonly { readonly labels: Labels }[],
): Promise<StackSecrets | undefined> {
  const secrets = await readSecrets(directory, name);
  if (secrets === undefined) return undefined;
  const provenance = provenanceOf({ ...secrets, isPrivate: await areSecretsPrivate(directory, name) }, objects);
  if (provenance === 'foreign') throw await foreignSecrets(directory, name);
  return secrets;
}

/** Whether nobody but the owner can read or write the passwords: so they are written, and so no checkout brings them. */
export async function areSecretsPrivate(directory: string, name: string): Promise<boolean> {
  const found = await stat(await secretsFile(directory, name)).catch(() => undefined);
  return found !== undefined && found.uid === (process.getuid?.() ?? found.uid) && (found.mode & 0o077) === 0;
}

export async function foreignSecrets(directory: string, name: string): Promise<SandboxError> {
  return new SandboxError({
    code: 'SECRETS_LOST',
    message: `The passwords in ${await secretsFile(directory, name)} are not those that this stack was started with here.`,
    next: `Put the file of this stack back. ${orGiveUpData}`,
  });
}

/** `what` says for people whose passwords are missing. */
export async function lostSecrets(
  { directory, name }: { readonly directory: string; readonly name: string },
  engine: string,
  what: string,
): Promise<SandboxError> {
  return new SandboxError({
    code: 'SECRETS_LOST',
    engine,
    message: `${what}, but its passwords are gone: they are not in ${await secretsFile(directory, name)}.`,
    next: `Put that file back; where XDG_DATA_HOME or HOME was another before, set it as it was. ${orGiveUpData}`,
  });
}

const orGiveUpData =
  'If nobody has it any more, the data cannot be opened: `npm run sandbox -- down -v` DELETES ALL DATA of the stack, so that it can be started anew. Backups stay.';

function nameOfOther(name: string, directory: string): SandboxError {
  return new SandboxError({
    code: 'NAME_TAKEN',
    message: `The name ${name} is that of the stack of ${directory}.`,
    next: `Give this one another name, with --name, or work on that one: --directory ${directory}.`,
  });
}

/** Where the files of a stack are: those of version 0.1 stay in the project until a command that starts it moves them. */
async function folderOfFiles(directory: string, name: string): Promise<string> {
  const folder = await findStackFolder(name);
  const isThere = (at: string) => existsSync(join(at, `${name}.secrets.json`));
  if (folder !== undefined && isThere(folder)) return folder;
  return folder === undefined || isThere(stateDirectory(directory)) ? stateDirectory(directory) : folder;
}

/** Whether there are files of a stack, whatever is in them: it was started, and was not taken down with its data. */
export async function isStackKnown(directory: string, name: string): Promise<boolean> {
  const folder = await folderOfFiles(directory, name);
  return ['secrets', 'state'].some((kind) => existsSync(join(folder, `${name}.${kind}.json`)));
}

async function secretsFile(directory: string, name: string): Promise<string> {
  return join(await folderOfFiles(directory, name), `${name}.secrets.json`);
}

export async function writeState(directory: string, state: StackState, key: string | undefined): Promise<void> {
  const { seal: _, ...content } = state;
  const sealed = key === undefined ? content : { ...content, seal: sealOf(content, key) };
  await replaceFile(directory, state.name, 'state', JSON.stringify(sealed, undefined, 2));
}

export async function writeSecrets(directory: string, name: string, secrets: StackSecrets): Promise<void> {
  await replaceFile(directory, name, 'secrets', JSON.stringify(secrets, undefined, 2));
}

/** Forgets everything of a stack, passwords included, but for its backups. */
export async function forgetStack(directory: string, name: string): Promise<void> {
  const folder = await findStackFolder(name);
  const folders = [stateDirectory(directory), ...(folder === undefined ? [] : [folder])];
  await Promise.all(
    folders.flatMap((each) => [removeFiles, forgetMetrics, forgetQuality].map((forget) => forget(each, name))),
  );
  await removeEmptyStackFolder(name);
}

async function removeFiles(folder: string, name: string): Promise<void> {
  await Promise.all(
    ['state', 'secrets', 'leases', 'distributions'].map(async (kind) => {
      const file = join(folder, `${name}.${kind}.json`);
      await Promise.all([rm(file, { force: true }), removePartials(file)]);
    }),
  );
}

/** Keeps ports and passwords for the next start. A state that cannot be understood is of no use to it: it goes. */
export async function markStopped(directory: string, name: string): Promise<void> {
  const state = await readState(directory, name).catch(() => undefined);
  if (state === undefined) await rm(join(await folderOfFiles(directory, name), `${name}.state.json`), { force: true });
  else {
    const secrets = await readSecrets(directory, name).catch(() => undefined);
    // Taken down once more, it is still as it was before the first time.
    const stopped = lastToRun(state);
    await writeState(directory, { ...state, sourceHash: undefined, wanted: [], stopped }, secrets?.key);
  }
}

function isOfLaterRelease(thrown: unknown): boolean {
  return thrown instanceof SandboxError && thrown.code === 'STATE_NEWER';
}

async function readJson(path: string, isValid: (value: unknown) => boolean): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
  try {
    const value: unknown = JSON.parse(text);
    const { version = filesVersion } = (value ?? {}) as { readonly version?: unknown };
    if (typeof version === 'number' && version > filesVersion) throw ofLaterRelease(path, version);
    if (isValid(value)) return value;
    throw new Error('it is not of the expected form');
  } catch (thrown) {
    if (thrown instanceof SandboxError) throw thrown;
    throw new SandboxError({
      code: 'STATE_CORRUPT',
      message: `${path} cannot be understood: ${messageOf(thrown)}.`,
      next: path.endsWith('.state.json')
        ? 'Remove the file: the stack is found again by its labels. `npm run sandbox -- down` works as it is.'
        : `Put the file back as it was. ${orGiveUpData}`,
      cause: thrown,
    });
  }
}

function ofLaterRelease(path: string, version: number): SandboxError {
  return new SandboxError({
    code: 'STATE_NEWER',
    message: `${path} was written by a later release of the sandbox: its version is ${version}, and this one reads ${filesVersion}.`,
    next: `Use that release, or a later one. This is ${release}; nothing was changed.`,
  });
}

function isState(value: unknown): boolean {
  const state = value as StackState | null;
  return (
    typeof state === 'object' &&
    state !== null &&
    state.version === 1 &&
    Array.isArray(state.unfinished) &&
    typeof state.hostPorts === 'object' &&
    typeof state.engines === 'object' &&
    (state.wanted === undefined || Array.isArray(state.wanted)) &&
    (state.stopped === undefined || Array.isArray(state.stopped)) &&
    Object.values(state.engines).every((engine) => Array.isArray(engine?.nodes))
  );
}

function isSecrets(value: unknown): boolean {
  const secrets = value as StackSecrets | null;
  return typeof secrets?.secrets === 'object' && typeof secrets.connections === 'object';
}

/** A reader sees the old file or the new one, never half of it. */
async function replaceFile(directory: string, name: string, kind: 'state' | 'secrets', content: string): Promise<void> {
  await writePrivateFile(join(await ensureStackFolder(directory, name), `${name}.${kind}.json`), content);
}
