import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { parse } from 'yaml';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { schemaCheck } from '../../core/schema-check.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import type { Contract } from './contract.ts';
import { contractsOf, type Document } from './document.ts';
import { readSmallFile } from './small-file.ts';

const problemOf = schemaCheck(join(import.meta.dirname, 'contract.schema.json'));

/** The platform's own contracts. */
export const platformContracts = join(import.meta.dirname, '..', '..', '..', 'contracts');

const ending = '.odcs.yaml';

const looksLikeContract = /\.odcs\.ya?ml$/i;

/**
 * Contracts of a folder that has a folder for each engine, with files that end with `.odcs.yaml`. Throws `CONTRACT_INVALID`
 * with every problem of all files, and `BAD_OPTION` where there is no contract.
 */
export async function readContracts(directory: string, engines: readonly EngineName[]): Promise<readonly Contract[]> {
  const folders = await readdir(directory, { withFileTypes: true }).catch((thrown) => {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `The folder of contracts cannot be read: ${messageOf(thrown)}.`,
      next: '`npm run sandbox -- quality init --contracts FOLDER` makes contracts of what is there.',
    });
  });
  const problems: string[] = folders
    // Others' own, as of git and of editors.
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((each) => strayProblem(directory, each) ?? []);
  const read = await Promise.all(
    engines.flatMap((engine) =>
      folders.some((each) => (each.isDirectory() || each.isSymbolicLink()) && each.name === engine)
        ? [readFolder(engine, join(directory, engine), problems)]
        : [],
    ),
  );
  const contracts = read.flat();
  // The one that every contract has is of a name too.
  const ids = contracts.flatMap(({ engine, entity, checks, file }) =>
    [{ id: `${engine}.${entity}.catalogue` }, ...checks].map(({ id }) => ({ id, file })),
  );
  for (const [id, files] of Map.groupBy(ids, (each) => each.id)) {
    if (files.length > 1) problems.push(`${files[1]?.file}: the check ${id} is there twice`);
  }
  if (problems.length > 0) throw contractsInvalid(problems);
  if (contracts.length === 0) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `${directory} has no contract of ${engines.join(', ')}.`,
      next: '`npm run sandbox -- quality init --contracts FOLDER` makes contracts of what is there.',
    });
  }
  return contracts;
}

/** Who writes a contract that nobody reads takes what it asks for as checked. */
function strayProblem(directory: string, entry: Dirent): string | undefined {
  const { name } = entry;
  if (looksLikeContract.test(name)) return `${join(directory, name)}: it is in no folder of an engine`;
  if (!entry.isDirectory() || engineNames.some((engine) => engine === name)) return undefined;
  return `${join(directory, name)}: \`${name}\` is no engine`;
}

async function readFolder(engine: EngineName, folder: string, problems: string[]): Promise<readonly Contract[]> {
  let names: readonly string[];
  try {
    names = (await filesBelow(folder)).filter((name) => looksLikeContract.test(name)).toSorted();
  } catch (thrown) {
    problems.push(`${folder}: ${messageOf(thrown)}`);
    return [];
  }
  const isRead = (name: string) => name.endsWith(ending) && basename(name) === name;
  for (const name of names.filter((each) => !isRead(each))) {
    problems.push(`${join(folder, name)}: contracts end with ${ending}, and are in the folder of their engine`);
  }
  const read = await Promise.all(names.filter(isRead).map((name) => readOne(engine, join(folder, name), problems)));
  return read.flat();
}

/** Links to folders are not followed: they may lead in a circle. What begins with a dot is others' own, at every depth. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter((path) => !path.split(sep).some((part) => part.startsWith('.')));
}

async function readOne(engine: EngineName, file: string, problems: string[]): Promise<readonly Contract[]> {
  try {
    const document = parsed(await readSmallFile(file));
    const problem = problemOf(document);
    if (problem !== undefined) throw new Error(problem);
    return await contractsOf(document as Document, engine, file);
  } catch (thrown) {
    problems.push(`${file}: ${messageOf(thrown)}`);
    return [];
  }
}

/** With `<<`, which YAML 1.1 has: where it is passed over, what it brings is its default instead. */
function parsed(text: string): unknown {
  return parse(text, { merge: true, logLevel: 'error' });
}

/** `CONTRACT_INVALID`, with each problem. */
export function contractsInvalid(problems: readonly string[]): SandboxError {
  return new SandboxError({
    code: 'CONTRACT_INVALID',
    message: `${problems.length === 1 ? 'A contract is' : `${problems.length} contracts are`} not what can be checked: ${problems[0]}.`,
    next: 'docs/quality.md says what a contract has; nothing was asked of any store.',
    evidence: problems.join('\n'),
  });
}
