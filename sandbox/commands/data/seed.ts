import { rm } from 'node:fs/promises';
import { createDataset } from '../../../seeds/create-dataset.ts';
import type { Dataset } from '../../../seeds/dataset.ts';
import { runTask } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { isChanged } from '../../cross-store/changes.ts';
import type { CrossStoreReport } from '../../cross-store/check-across-stores.ts';
import { checkUsedStores } from '../../cross-store/check-used-stores.ts';
import { entityNames } from '../../dataset/check/fields.ts';
import { type Imported, importDataset } from '../../dataset/import-dataset.ts';
import { rowFileOf } from '../../dataset/read/row-file.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { formatCrossStore } from '../../report/stack/cross-store-text.ts';
import { formatSchemaGaps } from '../../report/stack/schema-gaps-text.ts';
import { type AttachedStack, attachStack } from '../../stack/attach/attach-stack.ts';
import { createStack } from '../../stack/create-stack.ts';
import type { EngineGap } from '../../stack/furnish/schema-gaps.ts';
import { badOption, parseChoice } from '../options/names.ts';
import { chosenEngines, identityOf, presentOptionsOf, stackOptionsOf } from '../options/stack-options.ts';
import type { Action, ActionContext } from '../run-action.ts';

/** Loads the data, or rows from files, into the engines that run, as they run, and checks what they hold. */
export const seed: Action = async (context) => {
  const files = await filesOf(context);
  const attached = await attachStack({ ...identityOf(context), ...chosenEngines(context) });
  const imported = files.length === 0 ? undefined : await readFiles(context, files);
  const { dataset, crossStore, schemaGaps, loadedNow } = await loadAndCheck(context, attached, imported);
  const fingerprint = await dataset?.fingerprint();
  return {
    document: {
      version: 1,
      size: dataset?.size ?? stackOptionsOf(context).size,
      seed: dataset?.seed,
      fingerprint,
      counts: dataset?.counts,
      crossStore,
      schemaGaps,
      ...(imported === undefined ? {} : { files: imported.files }),
    },
    text: (colors) => {
      const what =
        dataset === undefined ? 'nothing' : `${dataset.size}, seed ${dataset.seed}, fingerprint ${fingerprint}`;
      const checked = crossStore === undefined ? '' : formatCrossStore(crossStore, colors);
      const isAsLoaded = schemaGaps.length === 0 && !(crossStore?.changes && isChanged(crossStore.changes));
      const already = isAsLoaded
        ? 'It was there already.\n'
        : 'It was loaded before, and something has changed since:\n';
      const there = loadedNow ? '' : already;
      return `${imported === undefined ? '' : formatFiles(imported)}Loaded: ${what}\n${there}${checked}${formatSchemaGaps(schemaGaps, colors)}`;
    },
    exitCode: crossStore?.ok === false || (context.flags.strict === true && schemaGaps.length > 0) ? 1 : 0,
  };
};

interface Seeded {
  readonly dataset: Dataset | undefined;
  readonly crossStore: CrossStoreReport | undefined;
  readonly schemaGaps: readonly EngineGap[];
  /** Whether anything was loaded, rather than there already. */
  readonly loadedNow: boolean;
}

async function loadAndCheck(
  context: ActionContext,
  attached: AttachedStack,
  imported: Imported | undefined,
): Promise<Seeded> {
  const topologies = Object.fromEntries([...attached.engines].map(([name, { topology }]) => [name, topology]));
  const own = imported === undefined ? {} : { dataset: imported.dataset };
  const options = {
    ...presentOptionsOf(context),
    engines: [...attached.engines.keys()],
    topologies,
    ...own,
    refuseOtherData: true,
  };
  await using stack = await createStack(options).catch(async (thrown: unknown) => {
    // Nothing was loaded to its end: the same command makes the file anew, and would be refused where it is there.
    if (imported?.files.some(({ rejected }) => rejected > 0)) await rm(String(context.flags.rejects), { force: true });
    throw thrown;
  });
  const { dataset, crossStore, schemaGaps } = stack;
  const loadedNow = crossStore !== undefined;
  const strict = context.flags.strict === true;
  // Checked already: what was loaded just now, and what was there beside it unless that is to be as strict.
  if (dataset === undefined || (loadedNow && !(strict && crossStore.changes)))
    return { dataset, crossStore, schemaGaps, loadedNow };
  const { migrations } = context.settings;
  const engines = await loadEngines(
    [...attached.engines.keys()].filter((name) => migrations[name]?.platformSchema !== false),
  );
  const running = new Map(Object.entries(stack.engines));
  const used = await runTask(context.progress, ['check across stores'], () =>
    checkUsedStores(engines, running, dataset, { strict }),
  );
  return { dataset, crossStore: used, schemaGaps, loadedNow };
}

async function filesOf({ flags, settings }: ActionContext): ReturnType<typeof readableFiles> {
  const { from, entity, rejects, encoding } = flags;
  const alone =
    from === undefined ? ['entity', 'rejects', 'encoding'].find((name) => flags[name] !== undefined) : undefined;
  if (alone !== undefined) throw badOption(`--${alone} is about rows from files.`, 'Use it together with --from.');
  if (rejects === '') throw badOption('--rejects names no file.', 'Name a file that is not there yet.');
  if (from !== undefined && settings.size === 'none') {
    throw badOption('--from: what is not in the files comes from the dataset.', 'Pass a --size other than none.');
  }
  return readableFiles((from ?? []) as readonly string[], entity, encoding);
}

async function readableFiles(from: readonly string[], entity: unknown, encoding: unknown) {
  const known = entity === undefined ? undefined : parseChoice(String(entity), entityNames, '--entity');
  const named = encoding === undefined ? undefined : parseEncoding(String(encoding));
  return Promise.all(from.map((text) => rowFileOf(text, known, named)));
}

/** A name of the Encoding Standard as that writes it: `gb2312` is `gbk`. */
function parseEncoding(name: string): string {
  try {
    return new TextDecoder(name, { fatal: true }).encoding;
  } catch {
    throw badOption(
      `--encoding: there is no \`${name}\`.`,
      'Use a name of the Encoding Standard: utf-8, utf-16le, gb18030, big5, shift_jis, windows-1252 ...',
    );
  }
}

async function readFiles(context: ActionContext, files: Awaited<ReturnType<typeof filesOf>>): Promise<Imported> {
  const { size = 'small', seed: wanted } = stackOptionsOf(context);
  const base = createDataset({
    size: size === 'none' ? 'small' : size,
    ...withoutUndefined({ seed: wanted }),
  });
  const { rejects } = context.flags;
  return importDataset({
    files,
    base,
    signal: context.signal,
    ...(rejects === undefined ? {} : { rejects: String(rejects) }),
  });
}

function formatFiles({ files }: Imported): string {
  return files
    .map(({ file, entity, rows, rejected }) => {
      const others = rejected === 0 ? '' : `, ${rejected.toLocaleString('en')} rejected`;
      return `${file}: ${rows.toLocaleString('en')} rows of ${entity}${others}\n`;
    })
    .join('');
}
