import type { CapabilityName, Engine, EngineWith, PartName } from './engine.ts';
import type { TopologyName } from './topology.ts';

const ownerOf: Partial<Readonly<Record<CapabilityName | PartName, CapabilityName>>> = {
  baseline: 'data',
  pointInTime: 'backup',
  earlierImage: 'backup',
  restoreBeside: 'backup',
  platformReads: 'bench',
  external: 'bench',
  serverSettings: 'bench',
  leases: 'bench',
};

/** Why an engine is without a capability or a part of one, as the end of a sentence. */
export function whyWithout(engine: Engine, name: CapabilityName | PartName): string {
  const owner = ownerOf[name];
  return engine.lacks[name] ?? (owner && engine.lacks[owner]) ?? `${engine.title} does not say why it has none`;
}

/** Why an engine cannot be laid out so. */
export function whyWithoutTopology(engine: Engine, name: TopologyName): string {
  return name === 'standalone' ? `${engine.title} has no ${name} topology` : whyWithout(engine, name);
}

/** Whether an engine has all of these capabilities. */
export function hasAll<Name extends CapabilityName>(
  engine: Engine,
  ...names: readonly Name[]
): engine is EngineWith<Name> & Engine {
  return names.every((name) => engine[name] !== undefined);
}

/** An engine that the work in hand is not possible on, and why. */
export interface Unable {
  readonly engine: Engine;
  readonly reason: string;
}

/** Engines that have all of these capabilities, and the others, each with the reason for the first that it is without. */
export function splitByCapability<Name extends CapabilityName>(
  engines: readonly Engine[],
  ...names: readonly Name[]
): { readonly able: readonly EngineWith<Name>[]; readonly unable: readonly Unable[] } {
  const able: EngineWith<Name>[] = [];
  const unable: Unable[] = [];
  for (const engine of engines) {
    if (hasAll(engine, ...names)) able.push(engine);
    else {
      const missing = names.find((name) => engine[name] === undefined);
      unable.push({ engine, reason: missing === undefined ? '' : whyWithout(engine, missing) });
    }
  }
  return { able, unable };
}
