import { execInNode } from '../../containers/runtime/exec.ts';
import { execAttached } from '../../containers/runtime/exec-attached.ts';
import { SandboxError } from '../../core/errors.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import type { ShellCall } from '../../engines/contract/shell.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { loadEngine } from '../../engines/load-engines.ts';
import { attachUpNodes } from '../../stack/attach/attach-stack.ts';
import { identityOf } from '../options/stack-options.ts';
import type { Action } from '../run-action.ts';

/** The command that runs an engine's own shell inside of its node, on the caller's terminal; ends as that ended. */
export function shellCommand(program: string, name: EngineName): Action {
  return async (context) => {
    // Nodes that are down are no reason to refuse: one that is up may be all that is needed.
    const [running, engine] = await Promise.all([
      attachUpNodes({ ...identityOf(context), engine: name }),
      loadEngine(name),
    ]);
    const { shell } = engine;
    if (shell === undefined)
      throw new Error(`${program} is the shell of an engine that has none: ${whyWithout(engine, 'shell')}`);
    const call = await shell.call(running, { admin: context.flags.admin === true, args: context.arguments });
    await requireProgram(call, running.image.reference, shell.instead);
    return { exitCode: await execAttached(call.node, call.command, process, call) };
  };
}

/** Images of one product differ in what they bring: the container engine's own words for that help nobody. */
async function requireProgram(
  { node, command: [program = ''] }: ShellCall,
  image: string,
  instead: string,
): Promise<void> {
  const { exitCode } = await execInNode(node, ['sh', '-c', 'command -v "$0"', program]);
  if (exitCode === 0) return;
  throw new SandboxError({
    code: 'COMMAND_FAILED',
    message: `The image ${image} has no \`${program}\`.`,
    next: instead,
  });
}
