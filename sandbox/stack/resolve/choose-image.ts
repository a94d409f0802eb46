import type { ImageSpec } from '../../containers/images/image-spec.ts';
import { SandboxError } from '../../core/errors.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import type { AskedStack } from './asked-stack.ts';

/** The image that a stack wants of an engine. Throws `NOT_SUPPORTED` where an earlier version cannot be had or kept. */
export function chooseImage(
  engine: Engine,
  { earlierVersions, purpose }: Pick<AskedStack, 'earlierVersions' | 'purpose'>,
): ImageSpec {
  if (!earlierVersions.some((name) => name === engine.name)) return engine.image;
  if (purpose !== 'throw-away') throw refused(engine, 'a stack that stays up is of the present version');
  if (engine.backup?.earlierImage !== undefined) return engine.backup.earlierImage;
  throw refused(engine, whyWithout(engine, 'earlierImage'));
}

function refused(engine: Engine, reason: string): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: engine.name,
    message: `${engine.title} cannot run in an earlier version here: ${reason}.`,
    next: 'Leave it out of `earlierVersions`.',
  });
}
