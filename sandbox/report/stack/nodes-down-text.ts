import type { BackedUpEngine } from '../../backup/backup-report.ts';
import type { Colors } from '../colors.ts';

/** One line for each engine of which a node was down when it was backed up. */
export function nodesDownText(
  engines: readonly Pick<BackedUpEngine, 'engine' | 'nodesDown' | 'leftOut'>[],
  colors: Colors,
): string {
  return engines
    .filter(({ nodesDown }) => nodesDown.length > 0)
    .map(({ engine, nodesDown, leftOut }) => {
      const what = leftOut.length === 0 ? 'the other nodes had all of it' : 'backed up from the other nodes';
      return `${colors.yellow('down')}: ${engine}, ${nodesDown.join(', ')}; ${what}\n`;
    })
    .join('');
}

/** One line for each thing that engines held and their backup does not. */
export function notInItText(engines: readonly Pick<BackedUpEngine, 'engine' | 'leftOut'>[], colors: Colors): string {
  return engines
    .flatMap(({ engine, leftOut }) =>
      leftOut.map(({ what, why }) => `${colors.yellow('not in it')}: ${engine}, ${what}: ${why}\n`),
    )
    .join('');
}
