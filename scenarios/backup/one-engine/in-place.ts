import { messageOf } from '../../../sandbox/core/errors.ts';
import type { EngineWith } from '../../../sandbox/engines/contract/engine.ts';
import type { TopologyName } from '../../../sandbox/engines/contract/topology.ts';
import { requireMovable } from '../../../sandbox/stack/furnish/staged-engines.ts';
import type { CaseResult } from '../../results.ts';
import { type CasePlace, notRun, runCase } from '../../run-case.ts';
import type { SuiteContext } from '../../suite-context.ts';
import { createPlatformStack } from '../whole-platform/platform-stack.ts';
import { drillInPlace } from '../whole-platform/whole-platform.ts';

/** A layout of several nodes, from one archive in place of its live data. */
export const inPlace = {
  name: 'a restore in place of the live data brings it back',
  async run(
    engine: EngineWith<'data'>,
    topology: TopologyName,
    place: CasePlace,
    context: SuiteContext,
  ): Promise<CaseResult> {
    const reason = refusalOf(engine, topology, context);
    if (reason !== undefined) return notRun(place, inPlace.name, reason);
    return runCase(place, inPlace.name, context, async (measures) => {
      await using stack = await createPlatformStack([engine], context, topology);
      await drillInPlace(stack, context, measures);
    });
  },
} as const;

/** Why the command would refuse to replace this layout, whatever it holds. */
function refusalOf(
  engine: EngineWith<'data'>,
  topologyName: TopologyName,
  { images }: SuiteContext,
): string | undefined {
  const topology = engine.topologies[topologyName];
  const image = images.get(engine.name);
  if (topology === undefined || image === undefined) return undefined;
  try {
    requireMovable({ engine, topology, image, secrets: {} });
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}
