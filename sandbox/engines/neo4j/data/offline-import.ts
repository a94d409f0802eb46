import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Driver, EagerResult } from 'neo4j-driver';
import type { Dataset } from '../../../../seeds/dataset.ts';
import { checked, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import type { TaskReport } from '../../../core/progress.ts';
import { firstNode, isExternal, type RunningEngine } from '../../contract/topology.ts';
import type { LoadMark } from '../../shared/load/load-marks.ts';
import { catalogueRecord, readCatalogue } from '../backup/catalogue.ts';
import { whileStopped } from '../server/offline.ts';
import { settings } from '../server/topologies.ts';
import { type ImportFile, importedEntities, linesOf, recordsFile } from './import-files.ts';

/** Bytes of a file that are sent at once: little, since each of a dozen files holds as many (docs/loading.md, memory). */
const pieceBytes = 2 ** 17;

/**
 * From so many rows of all steps on, the importer is not slower than Bolt: with 313,228 both took 90 s of a busy machine,
 * and it 27 s of processor time instead of 35; with 136,252 it was slower in both (docs/measurements/loading.md).
 */
export const rowsForImport = 300_000;

/** Memory of the importer beside the server, in bytes: 618 MB measured with `medium`, and its limits are those below. */
export const importerMemoryBytes = 650e6;

export interface OfflineImport {
  readonly running: RunningEngine;
  readonly dataset: Dataset;
  readonly report: TaskReport;
  readonly advance: (rows: number) => void;
}

/**
 * Whether the importer may make the whole database anew: the node is ours, alone, and holds nothing but what a load
 * replaces and the sandbox's own records.
 */
export async function isImportable(running: RunningEngine, driver: Driver): Promise<boolean> {
  if (isExternal(running) || running.topology !== 'standalone' || running.nodes.length !== 1) return false;
  const { records } = await driver.executeQuery<EagerResult<{ others: number }>>(
    'MATCH (n) WHERE NOT (n:User OR n:Concept OR n:Knowledge OR n:SandboxRecord) RETURN count(n) AS others',
  );
  return records[0]?.get('others') === 0;
}

/**
 * Makes the database anew from the dataset's rows with `neo4j-admin database import`, in a container of its own while the
 * node runs, then starts the node on it. Until then nothing of the live data is touched: what is cut off leaves files
 * that the next import removes. What the node starts on says by itself how far the load is, and what its catalogue
 * lacks: `completeCatalogue`. Returns rows by step.
 */
export async function importOffline(driver: Driver, options: OfflineImport): Promise<Readonly<Record<string, number>>> {
  const { running, dataset, report } = options;
  const name = randomUUID();
  const rows = Object.fromEntries(
    importedEntities.flatMap(({ entity, files }) => files.map(({ step }) => [step, dataset.counts[entity]])),
  );
  const records = await recordsWith(driver, { dataset: await dataset.fingerprint(), rows });
  await runImporter(name, records, options);
  report.advance({ text: 'starting on what was imported' });
  // Nothing is written to a node that is stopped: it starts on what it had, or on the import.
  await whileStopped(running, () => takeOver(running, name));
  return rows;
}

/** The sandbox's records as they will be: those that are there, how far the load is, and what the catalogue lacks. */
async function recordsWith(driver: Driver, mark: LoadMark) {
  const { records } = await driver.executeQuery<EagerResult<{ name: string; text: string }>>(
    'MATCH (r:SandboxRecord) RETURN r.name AS name, r.text AS text',
  );
  const texts = new Map(records.map((record) => [record.get('name'), record.get('text')]));
  texts.set('load', JSON.stringify(mark));
  texts.set(catalogueRecord, JSON.stringify(await readCatalogue(driver)));
  return [...texts].map(([name, text]) => ({ name, text }));
}

type Records = readonly { readonly name: string; readonly text: string }[];

async function runImporter(name: string, records: Records, options: OfflineImport): Promise<void> {
  const node = firstNode(options.running);
  const files: readonly ImportFile<never>[] = [...importedEntities.flatMap((each) => each.files), recordsFile];
  let failure: unknown;
  // Not an error of the stream, which nobody would hear: it ends without its last line, and the script says so.
  const input = Readable.from(
    (async function* () {
      try {
        yield* piecesOf(records, options);
      } catch (thrown) {
        failure = thrown ?? new Error('the rows could not be read');
      }
    })(),
    { objectMode: false },
  );
  try {
    const result = await runOneOff({
      image: node.image,
      entrypoint: ['/bin/bash', '-c'],
      command: [
        await readFile(join(import.meta.dirname, '..', 'scripts', 'import.sh'), 'utf8'),
        'import.sh',
        name,
        ...files.map(({ kind, token, step }) => `--${kind}=${token}=/target/taishang_tmp_imports/${name}/rows/${step}`),
      ],
      environment: { ...settings(), HEAP_SIZE: '512m' },
      binds: [`${node.volumeNames.data}:/target`],
      input,
      timeoutMs: deadlineMs('offlineImport'),
      labels: { [labelNames.engine]: 'neo4j' },
    });
    if (failure !== undefined) throw failure;
    checked(result, 'neo4j-admin database import', 'neo4j');
  } finally {
    input.destroy();
  }
}

/** What the script reads: each file's first line, then its rows as they are made. */
async function* piecesOf(records: Records, { dataset, report, advance }: OfflineImport): AsyncGenerator<Buffer> {
  yield piece(recordsFile.step, `${recordsFile.header}\n${linesOf(recordsFile, records)}`);
  for (const { entity, files } of importedEntities) {
    const held = new Map(files.map((file) => [file, `${file.header}\n`]));
    for await (const batch of dataset.batches(entity)) {
      for (const [file, text] of held) {
        const longer = text + linesOf(file, batch);
        if (longer.length >= pieceBytes) yield piece(file.step, longer);
        held.set(file, longer.length >= pieceBytes ? '' : longer);
      }
      advance(batch.length * files.length);
    }
    for (const [file, text] of held) if (text !== '') yield piece(file.step, text);
  }
  yield Buffer.from('end 0\n');
  report.advance({ text: 'importing' });
}

function piece(name: string, text: string): Buffer {
  return Buffer.from(`${name} ${Buffer.byteLength(text)}\n${text}`);
}

/** What the node's next start takes: `scripts/start-node.sh`. */
async function takeOver(running: RunningEngine, name: string): Promise<void> {
  const node = firstNode(running);
  const moved = await runOneOff({
    image: node.image,
    entrypoint: ['/bin/sh', '-c'],
    command: [
      'rm -rf /data/taishang_tmp_restored && mv "/data/taishang_tmp_imports/$0" /data/taishang_tmp_restored && rmdir /data/taishang_tmp_imports',
      name,
    ],
    binds: [`${node.volumeNames.data}:/data`],
    labels: { [labelNames.engine]: 'neo4j' },
  });
  checked(moved, 'Taking the import over', 'neo4j');
}
