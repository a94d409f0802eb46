import { withoutUndefined } from '../../core/without-undefined.ts';
import type { PlaceOwner, Places } from '../../engines/contract/isolation.ts';
import { isolationModes } from '../../engines/contract/isolation-modes.ts';
import type { BrokerOptions } from './broker-options.ts';
import { engineOfStore, modeOfStore } from './store-name.ts';

interface OpenPlacesOptions extends Pick<BrokerOptions, 'engineOf' | 'owner' | 'isAlive' | 'maximum'> {
  /** Whether somebody has this place: it is kept, or of a pool of this process. */
  readonly hasPlace: (id: string) => boolean;
  readonly noteProblem: (problem: string) => void;
}

/** Opens places by the name of their store, and removes what no process has any more. */
export async function openPlaces(
  engine: string,
  { engineOf, owner, isAlive, maximum = {}, hasPlace, noteProblem }: OpenPlacesOptions,
): Promise<Places> {
  const name = engineOfStore(engine);
  const { isolation, running } = await engineOf(name);
  const opened = modeOfStore(isolation, engine);
  for (const mode of isolationModes(isolation)) {
    let own = 0;
    const swept = await mode.sweep(running, (maker, id) => {
      const needed = isNeeded(maker, id, mode === opened);
      // What an old pool of this process makes places from, and needs no more.
      if (!needed && isThis(maker)) own += 1;
      return needed;
    });
    if (swept > own) noteProblem(`${name}: ${swept - own} stores of a broker that was killed were removed`);
  }
  return opened.open(running, { owner, ...withoutUndefined({ maximum: maximum[name] }) });

  /** Of this process there is none of a mode that it opens but what a test has, or what is kept. */
  function isNeeded(maker: PlaceOwner, id: string, isOpening: boolean): boolean {
    return hasPlace(id) || (!(isThis(maker) && isOpening) && isAlive(maker));
  }

  function isThis(maker: PlaceOwner): boolean {
    return maker.pid === owner.pid && maker.startedAtMs === owner.startedAtMs;
  }
}
