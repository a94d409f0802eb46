import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ImageSpec, LocalImage, OfficialImage } from '../../../sandbox/containers/images/image-spec.ts';
import type { ImageRequest } from '../../../sandbox/containers/images/images.ts';
import { docker } from '../../../sandbox/containers/runtime/docker.ts';
import type { ProgressEvent, ProgressListener } from '../../../sandbox/core/progress.ts';

type BothSources = Extract<ImageSpec, { readonly official: OfficialImage; readonly local: LocalImage }>;

/** An engine that nobody else has, so that its images, tags and variables are this test's alone. */
export interface TinyEngine {
  readonly engine: string;
  readonly spec: BothSources;
  /** Every image that comes of it carries this label, nameless ones included. */
  readonly label: string;
}

const folders: string[] = [];
const engines: TinyEngine[] = [];

/** Writes a context with this Dockerfile after its first `FROM`, and further files. */
export async function tinyEngine(
  steps: string,
  options: {
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<TinyEngine> {
  const name = `test${randomBytes(5).toString('hex')}`;
  const contextDirectory = await mkdtemp(join(tmpdir(), `taishang-${name}-`));
  folders.push(contextDirectory);
  const label = `test.taishang=${name}`;
  const dockerfile = `ARG BASE_IMAGE\nFROM \${BASE_IMAGE}\nLABEL ${label}\n${steps}\n`;
  for (const [path, content] of Object.entries({ Dockerfile: dockerfile, ...options.files })) {
    await mkdir(dirname(join(contextDirectory, path)), { recursive: true });
    await writeFile(join(contextDirectory, path), content);
  }
  const spec: BothSources = {
    variable: name.toUpperCase(),
    official: { reference: `${name}:1.0` },
    local: { origin: 'built', contextDirectory, description: 'a file or two' },
  };
  const tiny = { engine: name, spec, label };
  engines.push(tiny);
  return tiny;
}

/** The same engine, which the vendor has no image of. */
export function withoutOfficial({ engine, spec: { variable, local } }: TinyEngine, noOfficial: string): ImageRequest {
  return { engine, spec: { variable, local, noOfficial } };
}

/** The same engine, which cannot be built here. */
export function withoutLocal({ engine, spec: { variable, official } }: TinyEngine, noLocal: string): ImageRequest {
  return { engine, spec: { variable, official, noLocal } };
}

/** Takes away everything that came of all tiny engines of this file. */
export async function removeTinyEngines(): Promise<void> {
  const client = await docker();
  for (const { engine, label } of engines.splice(0)) {
    // The last of several stages does not have the label.
    const named = await client.listImages({ filters: { reference: [`taishang-sandbox/${engine}`] } });
    for (const id of [...named.map(({ Id }) => Id), ...(await imagesOf(label))]) await removeImage(id);
  }
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

export async function removeImage(reference: string): Promise<void> {
  await (await docker())
    .getImage(reference)
    .remove({ force: true })
    .catch(() => {});
}

/** Ids of the images with this label; `nameless`: only those that no tag leads to, and nothing is built on. */
export async function imagesOf(label: string, nameless = false): Promise<readonly string[]> {
  const filters = { label: [label], ...(nameless ? { dangling: ['true'] } : {}) };
  return (await (await docker()).listImages({ filters })).map(({ Id }) => Id);
}

/** Containers that were made from an image with this label, in any state. */
export async function containersOf(label: string): Promise<readonly string[]> {
  const found = await (await docker()).listContainers({ all: true, filters: { label: [label] } });
  return found.map(({ Id }) => Id);
}

/** Runs a command in a container of its own. Its exit code. */
export async function exitCodeIn(image: string, command: readonly string[]): Promise<number> {
  const container = await (await docker()).createContainer({ Image: image, Cmd: [...command], Entrypoint: [] });
  try {
    await container.start();
    return (await container.wait()).StatusCode;
  } finally {
    await container.remove({ force: true, v: true });
  }
}

/** Keeps what is told, for a test to look at. */
export function recorder(): { readonly events: ProgressEvent[]; readonly progress: ProgressListener } {
  const events: ProgressEvent[] = [];
  return { events, progress: (event) => events.push(event) };
}

export function noticesOf(events: readonly ProgressEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === 'notice' ? [event.text] : []));
}
