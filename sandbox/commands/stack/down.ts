import { takeDown } from '../../stack/remove/take-down.ts';
import { identityOf } from '../options/stack-options.ts';
import type { Action } from '../run-action.ts';

/** Stops the stack; with `--volumes` its data goes too. */
export const down: Action = async (context) => {
  const volumes = context.flags.volumes === true;
  const taken = await takeDown({ ...identityOf(context), volumes, progress: context.progress });
  return {
    document: { version: 1, ...taken },
    text: () => {
      const { containers, networks, stack } = taken;
      const removed = `${containers.length} containers, ${taken.volumes.length} volumes, ${networks.length} networks removed`;
      const backups = taken.backups === undefined ? '' : ` Its backups stay in ${taken.backups}.`;
      const kept = volumes ? backups : ' Its data is kept; `down -v` DELETES it.';
      return `Stack ${stack} is down: ${removed}.${kept}\n`;
    },
  };
};
