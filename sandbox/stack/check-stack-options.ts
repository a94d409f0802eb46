import { readSizeOption } from '../../seeds/explicit-size.ts';
import { sizeNames } from '../../seeds/sizes.ts';
import { imagePolicies } from '../containers/images/image-spec.ts';
import { SandboxError } from '../core/errors.ts';
import {
  badValue,
  checkDataset,
  checkFlag,
  checkFunction,
  checkMapping,
  checkSignal,
  checkText,
  checkValues,
  choiceCheck,
  durationMsMax,
  numberCheck,
  type OptionChecks,
  wholeNumberCheck,
} from '../core/option-checks.ts';
import { shownValue } from '../core/text/shown-value.ts';
import { byEngineCheck, checkEngines, checkSomeEngines } from '../engines/check-engine-names.ts';
import { topologyNames } from '../engines/contract/topology.ts';
import { checkMigrations } from './migrate/migrations.ts';
import type { StackOptions } from './stack-options.ts';
import { checkStackName } from './state/stack-identity.ts';

/** What each option of a stack takes. */
export const stackOptionChecks: OptionChecks<StackOptions> = {
  engines: checkSomeEngines,
  topologies: byEngineCheck(checkTopology),
  failover: checkFlag,
  size: checkSize,
  dataset: checkDataset,
  seed: wholeNumberCheck(0),
  schema: checkFlag,
  migrations: (option, value) => void checkMigrations(value, option),
  reset: checkFlag,
  keepSame: checkFlag,
  ephemeral: checkFlag,
  beside: checkStackName,
  directory: checkText,
  name: checkStackName,
  ports: checkPorts,
  moveTakenPorts: checkFlag,
  refuseOtherData: checkFlag,
  dataSizeBytes: wholeNumberCheck(1),
  images: choiceCheck(imagePolicies),
  earlierVersions: checkEngines,
  dockerInstall: choiceCheck(['auto', 'never']),
  connect: checkFlag,
  // `--wait-timeout 16.1s` is 16100.000000000002 ms.
  readyTimeoutMs: numberCheck(1, durationMsMax),
  progress: checkFunction,
  signal: checkSignal,
};

/**
 * Refuses, before anything starts, what no stack can be made of. Throws `UNKNOWN_ENGINE`, `UNKNOWN_TOPOLOGY`, `UNKNOWN_SIZE`,
 * `BAD_OPTION`.
 */
export function checkStackOptions(options: StackOptions): void {
  checkValues(options, stackOptionChecks);
}

function checkTopology(option: string, value: unknown): void {
  if (topologyNames.some((name) => name === value)) return;
  throw new SandboxError({
    code: 'UNKNOWN_TOPOLOGY',
    message: `${option}: there is no topology \`${typeof value === 'string' ? value : shownValue(value)}\`.`,
    next: `Use one of: ${topologyNames.join(', ')}.`,
  });
}

/** Throws `UNKNOWN_SIZE` for a name that no size has, `BAD_OPTION` for counts that will not do. */
function checkSize(option: string, size: unknown): void {
  if (size === 'none') return;
  if (typeof size !== 'string') checkMapping(option, size);
  const read = readSizeOption(size as Parameters<typeof readSizeOption>[0]);
  if (!('problem' in read)) return;
  if (read.unknownName === undefined) {
    throw new SandboxError({ code: 'BAD_OPTION', message: `${option}: ${read.problem}.`, next: read.next });
  }
  throw new SandboxError({
    code: 'UNKNOWN_SIZE',
    message: `${option}: there is no size \`${read.unknownName}\`.`,
    next: `Use one of: ${[...sizeNames, 'none'].join(', ')}.`,
  });
}

function checkPorts(option: string, value: unknown): void {
  byEngineCheck(wholeNumberCheck(1, 65_535))(option, value);
  const ports = Object.values(value as object).filter((port) => port !== undefined);
  if (new Set(ports).size < ports.length) throw badValue(option, value, 'a port of its own for each engine');
}
