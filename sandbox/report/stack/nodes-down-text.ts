import type { BackedUpEngine } from '../../backup/backup-report.ts';
import type { Colors } from '../colors.ts';

/** One line for each engine of which a node was down when it was backed up. */
export function nodesDownText(
  engines: readonly Pick<BackedUpEngine, 'engine' | 'nodesDown'>[],
  colors: Colors,
): string {
  return engines
    .filter(({ nodesDown }) => nodesDown.length > 0)
    .map(
      ({ engine, nodesDown }) =>
        `${colors.yellow('down')}: ${engine}, ${nodesDown.join(', ')}; the other nodes had all of it\n`,
    )
    .join('');
}
