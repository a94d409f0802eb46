import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageRequest } from '../containers/images/images.ts';
import type { NodeFile, NodeSpec } from '../containers/nodes/node-spec.ts';
import { debianProgram } from '../engines/shared/metrics/debian-program.ts';
import { publishers, servedFile, servedFolder, servingNode } from '../stack/state/published-metrics.ts';
import { ownRules, scaledConfiguration } from './prometheus-files.ts';

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

/** Prometheus with the rules about these engines. It keeps a day of samples, in its container. */
export function prometheusNode(engines: readonly string[], timeScale: number): NodeSpec {
  return {
    name: prometheus.engine,
    role: 'monitoring',
    ports: [prometheusPort],
    command: [
      '--config.file=/etc/prometheus/prometheus.yml',
      '--storage.tsdb.path=/prometheus-data',
      '--storage.tsdb.retention.time=1d',
      `--web.user-assets=${servedFolder}`,
    ],
    user: '65534',
    tmpfs: { '/prometheus-data': 512 * 2 ** 20 },
    files: [
      { path: '/etc/prometheus/prometheus.yml', content: scaledConfiguration(timeScale) },
      ...ownRules(engines, timeScale).map(
        ({ name, content }): NodeFile => ({ path: `/etc/prometheus/rules/${name}`, content }),
      ),
      { path: `${targetsFolder}/none.json`, content: '[]\n' },
      ...publishers.map((name): NodeFile => ({ path: `${servedFolder}/${servedFile(name)}`, content: '' })),
    ],
  };
}

export function alertmanagerNode(): NodeSpec {
  const content = readFileSync(join(import.meta.dirname, 'alertmanager', 'alertmanager.yml'), 'utf8');
  return {
    name: alertmanager.engine,
    role: 'monitoring',
    ports: [alertmanagerPort],
    command: [
      '--config.file=/etc/alertmanager/alertmanager.yml',
      '--storage.path=/alertmanager-data',
      // One alone: it looks for no others.
      '--cluster.listen-address=',
    ],
    user: '65534',
    tmpfs: { '/alertmanager-data': 64 * 2 ** 20 },
    files: [{ path: '/etc/alertmanager/alertmanager.yml', content }],
  };
}
