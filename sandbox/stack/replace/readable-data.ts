import type { ResolvedImage } from '../../containers/images/image-spec.ts';
import { runOneOff } from '../../containers/runtime/exec.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import type { DataVersions, Engine } from '../../engines/contract/engine.ts';
import type { EngineState } from '../state/stack-state.ts';

/**
 * Refuses an image whose server would not start on the data that another one has made, before that one is stopped: of
 * another implementation, or of a version that the engine does not go to by itself. Where the image does not say its
 * version, its start tells. Throws `IMAGE_DIFFERENT`.
 */
export async function requireReadableData(
  engine: Engine,
  known: Pick<EngineState, 'image' | 'serverVersion'> | undefined,
  image: ResolvedImage,
): Promise<void> {
  if (known === undefined || known.image.digest === image.digest) return;
  const isStandIn = ({ origin }: ResolvedImage) => origin === 'compatible';
  if (isStandIn(known.image) !== isStandIn(image)) throw ofOtherImplementation(engine, known, image);
  if (isStandIn(image)) return;
  const { dataVersions } = engine;
  if (dataVersions === undefined) return;
  const version = await versionOf(engine.name, dataVersions, image);
  if (version === undefined || dataVersions.reads(known.serverVersion, version)) return;
  throw ofOtherVersion(engine, known, image, version);
}

/** Version of the server in an image; `undefined` where its command does not run. */
async function versionOf(name: string, { command }: DataVersions, image: ResolvedImage): Promise<string | undefined> {
  const { exitCode, output } = await runOneOff({
    image: image.reference,
    entrypoint: command,
    command: [],
    labels: { [labelNames.engine]: name },
    timeoutMs: deadlineMs('nodeCommand'),
  }).catch(() => ({ exitCode: -1, output: '' }));
  return exitCode === 0 ? /\d+(?:\.\d+)+/.exec(output)?.[0] : undefined;
}

type Known = Pick<EngineState, 'image' | 'serverVersion'>;

const goOn = ({ image: { variable } }: Engine, { image }: Known) =>
  `Nothing was stopped. SANDBOX_${variable}_IMAGE=${image.reference} goes on with the image that made it.`;

function ofOtherImplementation(engine: Engine, known: Known, image: ResolvedImage): SandboxError {
  return new SandboxError({
    code: 'IMAGE_DIFFERENT',
    engine: engine.name,
    message: `${engine.title} holds data of ${described(known.image)}, which ${described(image)} cannot read.`,
    next: `${goOn(engine, known)} Another implementation takes no backup of it either: \`npm run sandbox -- down -v\` DELETES ALL DATA of the stack, and \`up\` loads the dataset anew.`,
  });
}

function ofOtherVersion(engine: Engine, known: Known, image: ResolvedImage, version: string): SandboxError {
  return new SandboxError({
    code: 'IMAGE_DIFFERENT',
    engine: engine.name,
    message: `${engine.title} holds data of version ${known.serverVersion}, which version ${version} of ${image.reference} does not start on.`,
    next: `${goOn(engine, known)} To a later version: \`npm run sandbox -- backup\` with it, then \`down -v\`, which DELETES ALL DATA of the stack but its backups, then with the other one \`up --size none\` and \`restore FILE --into replace --yes\`.`,
  });
}

function described({ reference, origin }: ResolvedImage): string {
  return `${origin === 'compatible' ? 'a stand-in' : 'the engine itself'} (${reference})`;
}
