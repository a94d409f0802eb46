import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { makeFolder } from '../../core/files/make-folder.ts';
import { writeError } from '../../core/files/private-files.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { QualityPlace } from '../../engines/contract/quality.ts';
import type { SchemaObject } from '../../engines/contract/schema/schema-gap.ts';
import type { ReachableEngine } from '../../engines/contract/topology.ts';
import { openQuality } from '../run/run-check.ts';

/** A store of which contracts are made. */
export interface DescribedStore {
  readonly engine: Engine;
  readonly running: ReachableEngine;
}

/**
 * Writes a contract of each table, collection, label, key space and collection of points that is there, with everything
 * that the catalogue says and no check: those are a decision. Files that are there stay. Returns the paths of the new ones.
 * Throws `NODE_NOT_READY` where a store does not answer.
 */
export async function writeContracts(directory: string, stores: readonly DescribedStore[]): Promise<readonly string[]> {
  const written: string[] = [];
  let isEmpty = true;
  const limits = { timeoutMs: deadlineMs('qualityScan'), idsMax: 0 };
  for (const { engine, running } of stores) {
    if (engine.quality === undefined) continue;
    await using session = await openQuality(engine.quality, running).catch((thrown) => {
      throw silentStore(engine, thrown);
    });
    const folder = join(directory, engine.name);
    await makeFolder(folder, 0o755).catch((thrown) => {
      throw writeError(folder, thrown);
    });
    const taken = new Set<string>();
    for (const place of await session.places(limits)) {
      isEmpty = false;
      const entity = uniqueName(place, taken);
      const path = join(folder, `${entity}.odcs.yaml`);
      const objects = await session.catalogue(place, limits);
      const text = stringify(contractOf(objects, engine, place, entity), {
        lineWidth: 120,
        aliasDuplicateObjects: false,
      });
      if (await writeNew(path, text)) written.push(path);
    }
  }
  if (written.length > 0) return written;
  if (isEmpty) {
    const names = stores.map(({ engine }) => engine.title).join(', ');
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `There is nothing in ${names} that a contract could be of.`,
      next: 'Of PostgreSQL and MongoDB, look at the database that the address names.',
    });
  }
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `Everything that is there has a contract in ${directory} already.`,
    next: '`npm run sandbox -- quality run` holds the stores against them.',
  });
}

function silentStore({ name, title }: Engine, thrown: unknown): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    engine: name,
    message: `${title} does not answer: ${messageOf(thrown)}.`,
    next: 'Look at its address or, of a stack, at `npm run sandbox -- status`, and run it again: contracts that are written stay.',
    cause: thrown,
  });
}

/** A name for a file and for ids; two places may have the same letters. */
function uniqueName({ name, database }: QualityPlace, taken: Set<string>): string {
  const plain = (text: string) =>
    text
      .replaceAll(/[^\w-]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .toLowerCase() || 'all';
  const short = plain(name);
  const long = taken.has(short) && database !== undefined ? `${plain(database)}-${short}` : short;
  let found = long;
  for (let number = 2; taken.has(found); number += 1) found = `${long}-${number}`;
  taken.add(found);
  return found;
}

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw writeError(path, thrown);
  }
}

function contractOf(objects: readonly SchemaObject[], engine: Engine, place: QualityPlace, entity: string): object {
  const isField = ({ kind }: SchemaObject) => ['column', 'field', 'property'].includes(kind);
  const others = objects.filter((object) => !isField(object));
  const custom = [
    ...(place.database === undefined ? [] : [{ property: 'database', value: place.database }]),
    ...(others.length === 0
      ? []
      : [{ property: 'objects', value: others.map(({ kind, name, definition }) => ({ kind, name, definition })) }]),
  ];
  return {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: `${engine.name}-${entity}`,
    name: entity,
    version: '1.0.0',
    status: 'draft',
    schema: [
      {
        name: entity,
        physicalName: place.name,
        logicalType: 'object',
        ...(custom.length === 0 ? {} : { customProperties: custom }),
        properties: objects.filter(isField).map((object) => fieldOf(object, place)),
      },
    ],
  };
}

function fieldOf({ name, definition }: SchemaObject, { key }: QualityPlace): object {
  const required = definition.endsWith(' required');
  const physicalType = definition.replace(/ required$/, '');
  return {
    name,
    ...(physicalType === '' ? {} : { physicalType }),
    ...(required ? { required } : {}),
    ...(name === key ? { primaryKey: true, primaryKeyPosition: 1 } : {}),
  };
}
