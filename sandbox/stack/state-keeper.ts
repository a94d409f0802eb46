import type { StackIdentity } from './stack-identity.ts';
import {
  emptyState,
  noSecrets,
  readSecrets,
  readState,
  type StackSecrets,
  type StackState,
  writeSecrets,
  writeState,
} from './stack-state.ts';

/** The state of a stack while it changes. A stack of this process alone keeps it in memory. */
export interface StateKeeper {
  readonly state: () => StackState;
  readonly secrets: () => StackSecrets;
  readonly update: (change: Partial<StackState>) => Promise<void>;
  readonly updateSecrets: (change: Partial<StackSecrets>) => Promise<void>;
}

/** Keeps the state in memory. */
export function stateInMemory(name: string): StateKeeper {
  return keeperOf(emptyState(name), noSecrets, { state: async () => {}, secrets: async () => {} });
}

/** Keeps the state in the project's folder. Throws `STATE_CORRUPT`. The stack's lock must be held. */
export async function stateOnDisk({ directory, name }: StackIdentity): Promise<StateKeeper> {
  const [state, secrets] = await Promise.all([readState(directory, name), readSecrets(directory, name)]);
  return keeperOf(state ?? emptyState(name), secrets ?? noSecrets, {
    state: (changed) => writeState(directory, changed),
    secrets: (changed) => writeSecrets(directory, name, changed),
  });
}

function keeperOf(
  firstState: StackState,
  firstSecrets: StackSecrets,
  write: { state: (state: StackState) => Promise<void>; secrets: (secrets: StackSecrets) => Promise<void> },
): StateKeeper {
  let state = firstState;
  let secrets = firstSecrets;
  // One write after the other: the last one to be asked for is the last one on disk.
  let writing = Promise.resolve();
  const inTurn = (act: () => Promise<void>) => {
    writing = writing.then(act);
    return writing;
  };
  return {
    state: () => state,
    secrets: () => secrets,
    update(change) {
      state = { ...state, ...change };
      const changed = state;
      return inTurn(() => write.state(changed));
    },
    updateSecrets(change) {
      secrets = { ...secrets, ...change };
      const changed = secrets;
      return inTurn(() => write.secrets(changed));
    },
  };
}
