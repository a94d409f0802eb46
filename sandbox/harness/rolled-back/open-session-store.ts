import { SandboxError } from '../../core/errors.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { givenBack } from '../faults/fault-path.ts';
import { isolationOf } from '../isolation-of.ts';
import { type OpenStore, rowsInto, type Store } from '../open-store.ts';
import type { TakenSession } from './sessions.ts';

/**
 * A test's store that is a session of this process. It has a client, and nothing that needs an address or another
 * connection: that throws `NOT_SUPPORTED`. Disposing of it rolls the test's work back.
 */
export function openSessionStore(engine: EngineName, session: TakenSession): OpenStore {
  const { placeId, client } = session;
  let isClosed = false;
  const ownClient = async () => {
    if (isClosed) throw givenBack();
    return client;
  };
  const store: Store = {
    id: placeId,
    get uri(): string {
      throw inProcess(engine, 'address');
    },
    get environment(): Store['environment'] {
      throw inProcess(engine, 'variables for another process');
    },
    client: ownClient,
    fault: async () => {
      throw inProcess(engine, 'faults of its own');
    },
    heal: async () => {},
    schemaDrift: async () => {
      throw inProcess(engine, 'schema that others see');
    },
    expectSchema: async () => {
      throw inProcess(engine, 'schema that others see');
    },
  };
  // Without addresses: what goes elsewhere than to the session would stay.
  const place = { id: placeId, uri: '', environment: {} };
  return {
    engine,
    store,
    ...rowsInto(engine, { place, isolationOf, client: ownClient }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await session.giveBack();
    },
  };
}

/** `NOT_SUPPORTED`: what is rolled back is one session of this process. */
export function inProcess(engine: EngineName, what: string): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine,
    message: `A store of ${engine} that is rolled back has no ${what}: it is one session of this process.`,
    next: `Use its client(), or leave ${engine} out of \`isolation\`, and of \`engines\` where variables are for other stores alone.`,
  });
}
