import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SandboxError } from '../../core/errors.ts';
import { writePrivateFile } from '../../core/files/private-files.ts';
import { schemaCheck } from '../../core/schema-check.ts';
import { ensureStackFolder, stackFolder } from '../../stack/state/stack-folder.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import type { Distributions } from './distributions.ts';
import type { Counts } from './stability-index.ts';

interface Document {
  readonly version: 1;
  /** Fingerprint of the dataset that they are of; null where the stores hold something else. */
  readonly dataset: string | null;
  readonly distributions: Readonly<Record<string, Counts>>;
}

const problemOf = schemaCheck(join(import.meta.dirname, 'distributions.schema.json'));

const nameOfFile = (stack: string) => `${stack}.distributions.json`;

/**
 * In a file of the stack, for its owner alone: values of fields may be anybody's. What was there of another dataset is no
 * earlier state of this one. Throws `STATE_CORRUPT` where the file is none of ours.
 */
export function keptDistributions({ directory, name }: StackIdentity, dataset: string | null): Distributions {
  const read = async (): Promise<Map<string, Counts>> => {
    const path = join(await stackFolder(directory, name), nameOfFile(name));
    const text = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return undefined;
      throw thrown;
    });
    if (text === undefined) return new Map();
    const found = documentOf(text, path);
    return new Map(found.dataset === dataset ? Object.entries(found.distributions) : []);
  };
  return {
    read,
    write: async (distributions) => {
      const all = new Map([...(await read()), ...distributions]);
      const document: Document = { version: 1, dataset, distributions: Object.fromEntries(all) };
      const folder = await ensureStackFolder(directory, name);
      await writePrivateFile(join(folder, nameOfFile(name)), `${JSON.stringify(document)}\n`);
    },
  };
}

function documentOf(text: string, path: string): Document {
  try {
    const document: unknown = JSON.parse(text);
    const problem = problemOf(document);
    if (problem !== undefined) throw new Error(problem);
    return document as Document;
  } catch (thrown) {
    throw new SandboxError({
      code: 'STATE_CORRUPT',
      message: `${path} is not what an earlier run has written.`,
      next: 'Remove it: the next run is then what later ones are compared with.',
      cause: thrown,
    });
  }
}
