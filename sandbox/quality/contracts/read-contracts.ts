import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { schemaCheck } from '../../core/schema-check.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import type { Contract } from './contract.ts';
import { contractsOf, type Document } from './document.ts';

const problemOf = schemaCheck(join(import.meta.dirname, 'contract.schema.json'));

/** The platform's own contracts. */
export const platformContracts = join(import.meta.dirname, '..', '..', '..', 'contracts');

const ending = '.odcs.yaml';

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
    .filter((each) => each.isDirectory() && !engineNames.some((name) => name === each.name))
    .map(({ name }) => `${join(directory, name)}: \`${name}\` is no engine`);
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

async function readFolder(engine: EngineName, folder: string, problems: string[]): Promise<readonly Contract[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(ending)).toSorted();
  const read = await Promise.all(files.map((name) => readOne(engine, join(folder, name), problems)));
  return read.flat();
}

async function readOne(engine: EngineName, file: string, problems: string[]): Promise<readonly Contract[]> {
  try {
    const document: unknown = parse(await readFile(file, 'utf8'));
    const problem = problemOf(document);
    if (problem !== undefined) throw new Error(problem);
    return await contractsOf(document as Document, engine, file);
  } catch (thrown) {
    problems.push(`${file}: ${messageOf(thrown)}`);
    return [];
  }
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
