import { getContainerRuntimeClient } from 'testcontainers';

let expected: Promise<void> | undefined;

/**
 * Has testcontainers wait for the ports that a node publishes, and for no others. Podman lists ports too that an image
 * exposes and nobody publishes, as bound to nothing, and they never are. Once for the process.
 */
export function expectPublishedPortsOnly(): Promise<void> {
  expected ??= adjust();
  return expected;
}

async function adjust(): Promise<void> {
  const { container } = await getContainerRuntimeClient();
  const inspect = container.inspect.bind(container);
  container.inspect = async (each) => {
    const found = await inspect(each);
    const all: Readonly<Record<string, unknown>> = found.HostConfig.PortBindings ?? {};
    const published = Object.fromEntries(Object.entries(all).filter(([, bindings]) => bindings !== null));
    return { ...found, HostConfig: { ...found.HostConfig, PortBindings: published } };
  };
}
