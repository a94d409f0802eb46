import { AsyncDisposableStack } from '../../core/disposable-stack.ts';
import { SandboxError } from '../../core/errors.ts';
import type { Address, Isolation, Place } from '../../engines/contract/isolation.ts';
import { readdress } from '../../engines/shared/isolation/readdress.ts';
import { type FaultProxy, openFaultProxy } from './fault-proxy.ts';
import { loopback } from './held-port.ts';
import { behaviorOf, healthy, type StoreFault } from './store-fault.ts';

/** A place by other addresses, whose connections can fail. Disposing of it ends them. */
export interface FaultPath extends AsyncDisposable {
  readonly place: Place;
  /** In place of the fault before. What it returns ends it, unless another one has followed. */
  readonly fault: (fault: StoreFault) => Promise<AsyncDisposable>;
  readonly heal: () => Promise<void>;
}

/** Puts a proxy of this process before each address of a place. Throws `NOT_SUPPORTED` where a driver would go round it. */
export async function openFaultPath(
  place: Place,
  { readdress: ofEngine = readdress }: Pick<Isolation, 'readdress'>,
): Promise<FaultPath> {
  await using opening = new AsyncDisposableStack();
  const proxies = new Map<string, FaultProxy>();
  const through = async (server: Address): Promise<Address> => {
    const key = `${server.host}:${server.port}`;
    const proxy = proxies.get(key) ?? opening.use(await openFaultProxy(server));
    proxies.set(key, proxy);
    return { host: loopback, port: proxy.port };
  };
  const readdressed = await ofEngine(place, through);
  const resources = opening.move();
  let isClosed = false;
  let begun = 0;
  let last: Promise<void> = Promise.resolve();
  return { place: readdressed, fault, heal, [Symbol.asyncDispose]: close };

  async function fault(asked: StoreFault): Promise<AsyncDisposable> {
    const behavior = behaviorOf(asked);
    if (isClosed) throw givenBack();
    begun += 1;
    const number = begun;
    await behave(behavior);
    return {
      async [Symbol.asyncDispose]() {
        if (number === begun) await heal();
      },
    };
  }

  async function heal(): Promise<void> {
    begun += 1;
    await behave(healthy);
  }

  /** All addresses are one store. */
  function behave(behavior: typeof healthy): Promise<void> {
    const next = last.then(async () => {
      if (isClosed) return;
      await Promise.all([...proxies.values()].map((proxy) => proxy.behave(behavior)));
    });
    last = next.catch(() => {});
    return next;
  }

  async function close(): Promise<void> {
    isClosed = true;
    await last;
    await resources[Symbol.asyncDispose]();
  }
}

/** `LEASE_NOT_FOUND`: of a store whose lease is over. */
export function givenBack(): SandboxError {
  return new SandboxError({
    code: 'LEASE_NOT_FOUND',
    message: 'This store has been given back, and is that of another test by now.',
    next: 'Use it before its lease is released.',
  });
}
