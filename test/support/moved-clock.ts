import { join } from 'node:path';
import { buildImage } from '../../sandbox/containers/images/image-build.ts';
import { planBuild } from '../../sandbox/containers/images/image-context.ts';
import { inspectImage } from '../../sandbox/containers/images/image-inspect.ts';
import { sharedSteps } from '../../sandbox/containers/images/image-shared-steps.ts';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import { checked, execInNode } from '../../sandbox/containers/runtime/exec.ts';
import { silent } from '../../sandbox/core/progress.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';

const contextsDirectory = join(import.meta.dirname, 'clock-image');
const options = { policy: 'auto', progress: silent, install: 'auto' } as const;
const report = { advance: () => {}, summarise: () => {} };

/**
 * What moves all clocks, as variables for commands and for programs that use the library: the engines start from images
 * whose clock is moved by so many seconds, and the sandbox's own moves with them.
 */
export async function movedClock(
  names: readonly EngineName[],
  offsetS: number,
): Promise<Readonly<Record<string, string>>> {
  const engines = await loadEngines(names);
  const requests = engines.map((engine) => ({ engine: engine.name, spec: engine.image }));
  const [images, library] = await Promise.all([resolveImages(requests, options), libraryImage()]);
  const built = engines.map(async ({ name, image }) => {
    const resolved = images.get(name);
    if (resolved === undefined) throw new Error(`no image was resolved for ${name}`);
    const build = await planBuild(`${name}-clock`, {
      // As a stand-in where it is one: the label says so.
      origin: resolved.origin as 'built',
      contextDirectory: join(contextsDirectory, 'engine'),
      buildArguments: { ENGINE_IMAGE: resolved.reference, CLOCK_OFFSET_S: String(offsetS) },
      description: `${name} with its clock moved by ${offsetS} s`,
    });
    await buildImage(build, library, report, new AbortController().signal);
    return [`SANDBOX_${image.variable}_IMAGE`, build.tag] as const;
  });
  return { SANDBOX_CLOCK_OFFSET: `${offsetS}s`, ...Object.fromEntries(await Promise.all(built)) };
}

async function libraryImage(): Promise<string> {
  const contextDirectory = join(contextsDirectory, 'library');
  const build = await planBuild('clock-library', {
    origin: 'built',
    contextDirectory,
    description: 'a library that moves clocks',
  });
  const { signal } = new AbortController();
  if ((await inspectImage(build.tag)) === undefined) {
    await buildImage(build, await sharedSteps({ ...options, signal }).base(), report, signal);
  }
  return build.tag;
}

/** Moves the clock of nodes that run on such images, and what runs in them. */
export async function moveClockOf(nodes: readonly NodeHandle[], offsetS: number): Promise<void> {
  const command = ['sh', '-c', `echo ${offsetS} >/etc/moved-clock`];
  await Promise.all(
    nodes.map(async (node) =>
      checked(await execInNode(node, command, { user: 'root' }), 'Moving the clock', node.name),
    ),
  );
}

/** Sets variables of this process, and puts them back as they were. */
export function withVariables(variables: Readonly<Record<string, string>>): Disposable {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    },
  };
}
