import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalImage } from '../../../containers/images/image-spec.ts';
import type { NodeFile, NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { Exporter } from '../../contract/metrics.ts';
import { monitoringUser } from './debian-program.ts';
import { exporterSecret, monitoringLogin } from './monitoring-login.ts';

/** Where the image looks for the program. */
const programFolder = '/opt/exporter/program';

/** An image with these packages of Python and what serves the metrics; `requirements` as pip reads them, with hashes. */
export function pythonExporter(requirements: string, description: string): LocalImage {
  return {
    origin: 'built',
    contextDirectory: join(import.meta.dirname, 'python-image'),
    buildArguments: { REQUIREMENTS: requirements },
    description,
  };
}

/** The exporter of one node: `exporter.py` of a folder and the files beside it. */
export function pythonExporterNode(given: {
  readonly node: NodeHandle;
  /** Address of the server in the stack's network. */
  readonly target: string;
  readonly password: string;
  readonly programDirectory: string;
  readonly port: number;
}): Exporter {
  const { node, target, programDirectory, port } = given;
  const password = exporterSecret('password', given.password);
  const program = readdirSync(programDirectory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(
      ({ name }): NodeFile => ({
        path: `${programFolder}/${name}`,
        content: readFileSync(join(programDirectory, name), 'utf8'),
      }),
    );
  return {
    port,
    spec: {
      name: `${node.name}-exporter`,
      role: 'exporter',
      ports: [],
      user: String(monitoringUser),
      environment: {
        EXPORTER_PORT: String(port),
        EXPORTER_TARGET: target,
        EXPORTER_USER: monitoringLogin,
        EXPORTER_PASSWORD_FILE: password.path,
      },
      files: [...program, password],
    },
  };
}
