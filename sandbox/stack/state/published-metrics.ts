import { randomBytes } from 'node:crypto';
import { readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { docker } from '../../containers/runtime/docker.ts';
import { checked, execInNode } from '../../containers/runtime/exec.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { writePrivateFile } from '../../core/files/private-files.ts';
import { monitoringContainers } from '../remove/monitoring-containers.ts';
import { ensureStackFolder, stackFolder } from './stack-folder.ts';
import type { StackIdentity } from './stack-identity.ts';

/** What publishes metrics of a stack: each has a file of its own, so that none overwrites another one's. */
export const publishers = ['backup', 'quality'] as const;
export type Publisher = (typeof publishers)[number];

/** Metrics of one publisher, in the text format of Prometheus's documentation, "Exposition formats". */
export interface PublishedMetrics {
  readonly name: Publisher;
  readonly content: string;
}

/** Name of the node that serves them: Prometheus itself, below `/user/`, so that no program of ours has to run. */
export const servingNode = 'prometheus';

/** Folder in that node's container, for its `--web.user-assets`. */
export const servedFolder = '/etc/prometheus/published';

export function servedFile(name: Publisher): string {
  return `${name}.txt`;
}

/**
 * Keeps metrics of a stack with its state, over those that the same publisher gave before, and has them scraped if the
 * stack is watched; otherwise they are from the next `monitor up` on. They go with the data of the stack.
 */
export async function publishMetrics(identity: StackIdentity, metrics: PublishedMetrics): Promise<void> {
  const folder = await ensureStackFolder(identity.directory, identity.name);
  await writePrivateFile(join(folder, ...pathIn(identity.name), servedFile(metrics.name)), metrics.content);
  await serveMetrics(identity.name, [metrics]);
}

/** What was published of a stack last, by all publishers; empty for one that has published nothing. */
export async function publishedMetrics({ directory, name }: StackIdentity): Promise<readonly PublishedMetrics[]> {
  const folder = join(await stackFolder(directory, name), ...pathIn(name));
  return Promise.all(
    publishers.map(async (publisher) => ({
      name: publisher,
      content: await readFile(join(folder, servedFile(publisher)), 'utf8').catch(emptyIfMissing),
    })),
  );
}

/** Puts metrics where the monitoring of a stack scrapes them, each whole or not at all. Nothing happens where none runs. */
export async function serveMetrics(stackName: string, published: readonly PublishedMetrics[]): Promise<void> {
  const found = (await monitoringContainers(stackName)).find(({ running, labels }) => {
    return running && labels[labelNames.node] === servingNode;
  });
  if (found === undefined) return;
  // A scrape that came meanwhile would read half of a file, and its series would be stale.
  const partial = `.${randomBytes(6).toString('hex')}`;
  const archive = pack();
  for (const { name, content } of published)
    archive.entry({ name: `${servedFile(name)}${partial}`, mode: 0o644 }, content);
  archive.finalize();
  await (await docker()).getContainer(found.id).putArchive(Readable.from(archive), { path: servedFolder });
  await Promise.all(
    published.map(async ({ name }) => {
      const file = `${servedFolder}/${servedFile(name)}`;
      const node = { name: found.name, containerId: found.id };
      checked(await execInNode(node, ['mv', '-f', `${file}${partial}`, file], { user: '0' }), `publishing ${name}`);
    }),
  );
}

/** Removes what was published of a stack, from a folder that its state lies in. */
export async function forgetMetrics(folder: string, name: string): Promise<void> {
  const [top, own] = pathIn(name);
  await rm(join(folder, top, own), { recursive: true, force: true });
  // Another stack of the project may have its own there.
  await rmdir(join(folder, top)).catch(() => {});
}

function pathIn(stackName: string): readonly [string, string] {
  return ['metrics', stackName];
}

function emptyIfMissing(thrown: NodeJS.ErrnoException): string {
  if (thrown.code === 'ENOENT') return '';
  throw thrown;
}
