import { stat } from 'node:fs/promises';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import { readState, type StackState, stateFile } from '../../stack/state/stack-state.ts';

const nothing: Pick<StackState, 'engines' | 'unfinished' | 'unchecked'> = { engines: {}, unfinished: [] };

/**
 * What each store of a stack was made of, as the stack remembers it: its data, a service's own schema, its nodes. `undefined`
 * while it is loaded or migrated. Asked for every lease, so the state is read only where its file is another one than before.
 */
export async function contentOfStores({
  directory,
  name,
}: StackIdentity): Promise<(engine: string) => Promise<string | undefined>> {
  const path = await stateFile(directory, name);
  let known: { readonly mark: string; readonly state: StackState | undefined } | undefined;
  return async (engine) => {
    const { ino = 0, mtimeMs = 0 } = await stat(path).catch(() => ({ ino: undefined, mtimeMs: undefined }));
    const mark = `${ino} ${mtimeMs}`;
    if (known?.mark !== mark) known = { mark, state: await readState(directory, name).catch(() => undefined) };
    const { engines, unfinished, unchecked = [] } = known.state ?? nothing;
    const own = engines[engine];
    const isUnderWay = own?.migrated?.pending !== undefined || [...unfinished, ...unchecked].includes(engine);
    if (own === undefined || isUnderWay) return undefined;
    const { dataset, migrated, generation, nodes } = own;
    return JSON.stringify([dataset, migrated, generation, nodes.map(({ containerId }) => containerId)]);
  };
}
