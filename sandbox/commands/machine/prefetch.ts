import { faultHelper } from '../../containers/faults/fault-helper.ts';
import { loadImages, saveImages } from '../../containers/images/image-archive.ts';
import { expectedReferences, type ImageRequest, resolveImages } from '../../containers/images/images.ts';
import { ensureDocker } from '../../containers/runtime/find/docker-host.ts';
import { requireWritable } from '../../core/files/private-files.ts';
import { runTask } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { formatOrigin } from '../../report/stack/status-text.ts';
import { formatTable } from '../../report/table.ts';
import { badOption } from '../options/names.ts';
import type { Action, ActionContext } from '../run-action.ts';

/** Makes the images ready ahead of time, or carries them in a file. */
export const prefetch: Action = async (context) => {
  const { input, output } = context.flags as { input?: string; output?: string };
  if (input !== undefined && output !== undefined) {
    throw badOption('--input and --output exclude each other.', 'Read an archive, or write one.');
  }
  const { settings, progress } = context;
  if (output !== undefined) await requireWritable(output);
  await ensureDocker({ install: settings.dockerInstall, progress });
  if (input !== undefined) {
    const expected = await expectedReferences(await requests(engineNames));
    await runTask(progress, ['images', 'read'], () =>
      loadImages(input, { expected, progress, signal: context.signal }),
    );
  }
  const images = await resolve(context);
  const references = [...images.values()].map(({ reference }) => reference);
  if (output !== undefined) {
    await runTask(progress, ['images', 'write'], () => saveImages(output, references, context.signal));
  }
  const rows = [...images].map(([engine, image]) => ({ engine, ...image }));
  return {
    document: { version: 1, images: rows, ...withoutUndefined({ output }) },
    text: (colors) =>
      formatTable(
        ['engine', 'origin', 'image', 'digest'].map((title) => ({ title })),
        rows.map(({ engine, origin, reference, digest }) => [engine, formatOrigin(origin, colors), reference, digest]),
        colors,
      ),
  };
};

/** The engines' images, and what faults need as well, so that the first of them needs no network. */
async function requests(names: readonly EngineName[]): Promise<readonly ImageRequest[]> {
  const engines = await loadEngines(names);
  return [...engines.map((engine) => ({ engine: engine.name, spec: engine.image })), faultHelper];
}

async function resolve({ settings, progress, signal }: ActionContext) {
  // `official` forbids builds, and what faults need is built.
  const wanted = (await requests(settings.engines)).filter(
    (request) => settings.images !== 'official' || request !== faultHelper,
  );
  return resolveImages(wanted, {
    policy: settings.images,
    install: settings.dockerInstall,
    progress,
    signal,
  });
}
