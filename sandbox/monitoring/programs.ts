import type { ImageRequest } from '../containers/images/images.ts';
import type { NodeFile, NodeSpec } from '../containers/nodes/node-spec.ts';
import { debianProgram, monitoringUser } from '../engines/shared/metrics/debian-program.ts';
import { publishers, servedFile, servedFolder, servingNode } from '../stack/state/published-metrics.ts';
import { scaledAlertmanager } from './alertmanager-file.ts';
import { ownRules, scaledConfiguration, specifiedRules } from './prometheus-files.ts';
import { scaledDuration } from './scaled-duration.ts';

/** What a stack is watched by, beside its exporters. */
export const prometheus: ImageRequest = {
  engine: servingNode,
  spec: {
    variable: 'PROMETHEUS',
    official: { reference: 'prom/prometheus:v2.53.3' },
    local: debianProgram('prometheus', ['prometheus', 'promtool'], 'Prometheus 2.53 of Debian'),
  },
};

export const alertmanager: ImageRequest = {
  engine: 'alertmanager',
  spec: {
    variable: 'ALERTMANAGER',
    official: { reference: 'prom/alertmanager:v0.28.1' },
    local: debianProgram('prometheus-alertmanager', ['prometheus-alertmanager'], 'Alertmanager 0.28 of Debian'),
  },
};

export const prometheusPort = 9_090;
export const alertmanagerPort = 9_093;

/** Folder in Prometheus's container of what it scrapes; it reads a file there again when that changes. */
export const targetsFolder = '/etc/prometheus/targets';

/**
 * Folder that is in memory. Everybody may write to it in the images: one that they have not is root's alone when the container
 * starts again, whatever it was the first time (runc, `rootfs_linux.go`: it takes the mode of the folder below).
 */
const memoryFolder = '/tmp';

/** Prometheus tells Alertmanager of an alert that goes on so often, and Alertmanager takes one for over after four times that. */
export const resendDelay = '1m';

/** How the two programs run, other than in their files. */
export interface ProgramOptions {
  /** How many times faster time runs. */
  readonly timeScale: number;
  /** Whether the specification's rules are there too, as controls. */
  readonly asSpecified: boolean;
  /** Address, in Alertmanager's own network, that alerts are sent to. */
  readonly webhook?: string | undefined;
}

/**
 * Prometheus with the rules about these engines, and what it shows servers that answer themselves, by job. It keeps a day of
 * samples, in its container.
 */
export function prometheusNode(
  engines: readonly string[],
  tokens: Readonly<Record<string, string>>,
  { timeScale, asSpecified }: ProgramOptions,
): NodeSpec {
  const rules = [...ownRules(engines, timeScale), ...(asSpecified ? [specifiedRules(timeScale)] : [])];
  return {
    name: prometheus.engine,
    role: 'monitoring',
    ports: [prometheusPort],
    command: [
      '--config.file=/etc/prometheus/prometheus.yml',
      `--storage.tsdb.path=${memoryFolder}/prometheus`,
      '--storage.tsdb.retention.time=1d',
      // The folder's memory counts as the container's: beside the program, it must stay below the container's limit.
      '--storage.tsdb.retention.size=256MB',
      `--rules.alert.resend-delay=${scaledDuration(resendDelay, timeScale)}`,
      `--web.user-assets=${servedFolder}`,
    ],
    user: String(monitoringUser),
    tmpfs: { [memoryFolder]: 512 * 2 ** 20 },
    files: [
      { path: '/etc/prometheus/prometheus.yml', content: scaledConfiguration(timeScale) },
      ...rules.map(({ name, content }): NodeFile => ({ path: `/etc/prometheus/rules/${name}`, content })),
      ...Object.entries(tokens).map(
        ([job, token]): NodeFile => ({
          path: `/etc/prometheus/tokens/${job}`,
          content: token,
          mode: 0o400,
          owner: monitoringUser,
        }),
      ),
      { path: `${targetsFolder}/none.json`, content: '[]\n' },
      ...publishers.map((name): NodeFile => ({ path: `${servedFolder}/${servedFile(name)}`, content: '' })),
    ],
  };
}

export function alertmanagerNode({ timeScale, webhook }: ProgramOptions): NodeSpec {
  const content = scaledAlertmanager(timeScale, webhook);
  return {
    name: alertmanager.engine,
    role: 'monitoring',
    ports: [alertmanagerPort],
    command: [
      '--config.file=/etc/alertmanager/alertmanager.yml',
      `--storage.path=${memoryFolder}/alertmanager`,
      // One alone: it looks for no others.
      '--cluster.listen-address=',
    ],
    user: String(monitoringUser),
    tmpfs: { [memoryFolder]: 64 * 2 ** 20 },
    files: [{ path: '/etc/alertmanager/alertmanager.yml', content }],
  };
}
