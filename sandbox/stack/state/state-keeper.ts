import { type Labels, labelNames } from '../../containers/runtime/labels.ts';
import type { StackIdentity } from './stack-identity.ts';
import { keyLabel, newStackKey, provenanceOf } from './stack-key.ts';
import {
  areFilesInProject,
  areSecretsPrivate,
  emptyState,
  foreignSecrets,
  forgetFilesInProject,
  lostSecrets,
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
  /**
   * Makes sure that what was read is of the stack whose containers and volumes these are, before any of it is used, and
   * returns the label that further ones get. What lies there without a stack is forgotten: it came with the checkout.
   * Throws `SECRETS_LOST` where the stack was started with other passwords.
   */
  readonly prove: (objects: readonly { readonly labels: Labels }[]) => Promise<string | undefined>;
}

/** Keeps the state in memory. */
export function stateInMemory(name: string): StateKeeper {
  const nowhere = { state: async () => {}, secrets: async () => {} };
  return { ...keeperOf(emptyState(name), noSecrets, nowhere), prove: async () => undefined };
}

/** Keeps the state in the stack's folder. Throws `STATE_CORRUPT`, `NAME_TAKEN`. The stack's lock must be held. */
export async function stateOnDisk({ directory, name }: StackIdentity): Promise<StateKeeper> {
  const [state, secrets] = await Promise.all([readState(directory, name), readSecrets(directory, name)]);
  const keeper = keeperOf(state ?? emptyState(name), secrets ?? noSecrets, {
    state: (changed, key) => writeState(directory, changed, key),
    secrets: (changed) => writeSecrets(directory, name, changed),
  });
  const isPrivate = await areSecretsPrivate(directory, name);
  const wasInProject = await areFilesInProject(directory, name);
  let isProven = false;
  return {
    ...keeper,
    async prove(objects) {
      // Further objects are of this process: the lock is held.
      if (isProven) return keyLabel(keeper.secrets().key as string);
      const provenance = provenanceOf({ ...keeper.secrets(), isPrivate }, objects);
      if (provenance === 'foreign' && secrets !== undefined) throw await foreignSecrets(directory, name);
      const data = objects.find(({ labels }) => labels[labelNames.engine] && !labels[labelNames.node]);
      if (secrets === undefined && data !== undefined) {
        const engine = data.labels[labelNames.engine] ?? '';
        throw await lostSecrets({ directory, name }, engine, `There is data of ${engine} from before`);
      }
      if (provenance !== 'ours') {
        await keeper.updateSecrets({ ...noSecrets, directory, key: newStackKey() });
        await keeper.update({ ...emptyState(name), sourceHash: undefined });
      } else if (wasInProject || keeper.secrets().key === undefined || keeper.secrets().directory !== directory) {
        await keeper.updateSecrets({ directory, key: keeper.secrets().key ?? newStackKey() });
        // Sealed with the key that is in the same folder.
        await keeper.update({});
        await forgetFilesInProject(directory, name);
      }
      isProven = true;
      return keyLabel(keeper.secrets().key as string);
    },
  };
}

function keeperOf(
  firstState: StackState,
  firstSecrets: StackSecrets,
  write: {
    state: (state: StackState, key: string | undefined) => Promise<void>;
    secrets: (secrets: StackSecrets) => Promise<void>;
  },
): Omit<StateKeeper, 'prove'> {
  let state = firstState;
  let secrets = firstSecrets;
  // One write after the other: the last one to be asked for is the last one on disk. One that failed, as on a full disk, is
  // told to who asked for it, and keeps none from the disk that comes after it, as when a start is taken back.
  let writing = Promise.resolve();
  const inTurn = (act: () => Promise<void>) => {
    writing = writing.catch(() => {}).then(act);
    return writing;
  };
  return {
    state: () => state,
    secrets: () => secrets,
    update(change) {
      state = { ...state, ...change };
      const changed = state;
      const { key } = secrets;
      return inTurn(() => write.state(changed, key));
    },
    updateSecrets(change) {
      secrets = { ...secrets, ...change };
      const changed = secrets;
      return inTurn(() => write.secrets(changed));
    },
  };
}
