import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { deadlineMs } from '../../../core/deadlines.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../../core/files/temporary-folder.ts';

/** Programs in Go of tools that the harness is measured against, built from what `lease-peers/go.mod` pins. */
export interface GoPrograms extends AsyncDisposable {
  /** Hands databases out, line by line (`lease-peers/main.go`). */
  readonly peers: string;
  /** IntegreSQL's own server. */
  readonly integresql: string;
}

const moduleFolder = join(import.meta.dirname, 'lease-peers');

/** Where Go's own installer puts it (go.dev/doc/install), which is in no path by itself. */
const usualPlace = '/usr/local/go/bin/go';

/** Builds them in a folder of their own; modules come from Go's proxy, or the cache of an earlier build. Throws where they cannot be had. */
export async function buildGoPrograms(signal?: AbortSignal): Promise<GoPrograms> {
  const go = await findGo();
  const folder = await createTemporaryFolder('taishang-go-');
  try {
    const peers = await build(go, folder, { name: 'peers', of: '.', signal });
    const integresql = await build(go, folder, {
      name: 'integresql',
      of: 'github.com/allaboutapps/integresql/cmd/server',
      signal,
    });
    return { peers, integresql, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
  } catch (thrown) {
    await folder[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function findGo(): Promise<string> {
  const { execa } = await import('execa');
  for (const go of ['go', usualPlace]) {
    const { exitCode } = await execa(go, ['version'], { reject: false });
    if (exitCode === 0) return go;
  }
  throw new Error('Go is not installed here (go.dev/doc/install; 1.21 or newer)');
}

async function build(
  go: string,
  { path }: TemporaryFolder,
  { name, of, signal }: { readonly name: string; readonly of: string; readonly signal: AbortSignal | undefined },
): Promise<string> {
  const { execa } = await import('execa');
  const program = join(path, name);
  const built = await execa(go, ['build', '-o', program, of], {
    cwd: moduleFolder,
    reject: false,
    timeout: deadlineMs('imageBuild'),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (built.exitCode !== 0) throw new Error(`go build ${of}: ${lastLine(built.stderr) || built.shortMessage}`);
  await access(program);
  return program;
}

function lastLine(text: string | undefined): string {
  return text?.trim().split('\n').at(-1) ?? '';
}
