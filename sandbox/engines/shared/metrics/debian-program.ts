import { join } from 'node:path';
import type { LocalImage } from '../../../containers/images/image-spec.ts';

/** User that the programs for monitoring run as, whatever their image says: `nobody`. */
export const monitoringUser = 65_534;

/** An image with one program of Debian's packages as its entrypoint, which runs as {@link monitoringUser}. */
export function debianProgram(program: string, packages: readonly string[], description: string): LocalImage {
  return {
    origin: 'built',
    contextDirectory: join(import.meta.dirname, 'image'),
    buildArguments: { PACKAGES: packages.join(' '), PROGRAM: program },
    description,
  };
}
