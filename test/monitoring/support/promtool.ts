import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { resolveImages } from '../../../sandbox/containers/images/images.ts';
import { type CommandResult, runOneOff } from '../../../sandbox/containers/runtime/exec.ts';
import { silent } from '../../../sandbox/core/progress.ts';
import { prometheus } from '../../../sandbox/monitoring/programs.ts';

const top = join(import.meta.dirname, '..', '..', '..');

/** Files by their path in the container. */
export type Files = Readonly<Record<string, string>>;

/** The sandbox's own configuration and rules, where Prometheus expects them. */
export async function ownFiles(): Promise<Files> {
  const folder = join(top, 'sandbox', 'monitoring', 'prometheus');
  const paths = globSync('**/*.yml', { cwd: folder });
  const read = paths.map(
    async (path) => [`etc/prometheus/${path}`, await readFile(join(folder, path), 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(read));
}

/** Runs a script of the shell that calls promtool, in a container with these files and no network. */
export async function withPromtool(script: string, files: Files): Promise<CommandResult> {
  const images = await resolveImages([prometheus], { policy: 'auto', progress: silent });
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name, mode: 0o644 }, content);
  archive.finalize();
  return runOneOff({
    image: images.get(prometheus.engine)?.reference ?? '',
    entrypoint: ['/bin/sh', '-c'],
    command: [`mkdir -p /tmp/files && cd /tmp/files && tar xf - && ${script}`],
    input: Readable.from(archive),
    labels: {},
  });
}
