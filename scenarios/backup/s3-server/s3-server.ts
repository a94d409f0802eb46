import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Container } from 'dockerode';
import { pack } from 'tar-stream';
import { resolveImages } from '../../../sandbox/containers/images/images.ts';
import { forwardContainer, removeContainer } from '../../../sandbox/containers/nodes/nodes.ts';
import { docker } from '../../../sandbox/containers/runtime/docker.ts';
import { labelNames } from '../../../sandbox/containers/runtime/labels.ts';
import { ownerOfThisProcess } from '../../../sandbox/containers/runtime/owner.ts';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import { silent } from '../../../sandbox/core/progress.ts';

/** A real S3 server on the loopback address, with a bucket and keys of its own. */
export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly port: number;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** For looking at the server behind the back of what is tested. */
  readonly client: S3Client;
  /** Puts a small object there that is no archive. */
  readonly put: (key: string, content: string | Uint8Array) => Promise<void>;
  /** Every key there, in order. */
  readonly keys: () => Promise<readonly string[]>;
  /** Begins an upload that nobody ends. */
  readonly beginUpload: (key: string) => Promise<void>;
  /** Changes one byte of an object on the server's disk. */
  readonly damage: (key: string, offset: number) => Promise<void>;
}

/** `dataBytes`: the server's disk has this size and no more. Default: as large as the machine's. */
export async function startS3Server(options: { readonly dataBytes?: number } = {}): Promise<S3Server> {
  const keys = { accessKeyId: randomBytes(10).toString('hex'), secretAccessKey: randomBytes(20).toString('hex') };
  const container = await (await docker()).createContainer({
    Image: await s3ServerImage(),
    Labels: { [labelNames.purpose]: 'throw-away', [labelNames.owner]: ownerOfThisProcess() },
    ExposedPorts: { '7070/tcp': {} },
    HostConfig: {
      PortBindings: { '7070/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] },
      ...(options.dataBytes === undefined ? {} : { Tmpfs: { '/data': `rw,size=${options.dataBytes},uid=7070` } }),
    },
  });
  const end = async () => {
    await removeContainer(container.id);
  };
  try {
    await container.putArchive(keyFile(keys), { path: '/run' });
    await container.start();
    await forwardContainer(container.id);
    const port = Number((await container.inspect()).NetworkSettings.Ports['7070/tcp']?.[0]?.HostPort);
    const endpoint = `http://127.0.0.1:${port}`;
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: keys });
    const bucket = `backups-${randomBytes(4).toString('hex')}`;
    await poll(() => client.send(new CreateBucketCommand({ Bucket: bucket })), {
      timeoutMs: deadlineMs('nodeReady'),
      onTimeout: (last) => new Error('the S3 server does not answer', { cause: last }),
    });
    const dispose = async () => {
      client.destroy();
      await end();
    };
    return {
      endpoint,
      port,
      bucket,
      ...keys,
      client,
      put: async (Key, Body) => {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
      },
      keys: async () => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
        return Contents.map(({ Key = '' }) => Key);
      },
      beginUpload: async (Key) => {
        await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
      },
      damage: async (key, offset) => {
        const command = `printf X | dd of='/data/${bucket}/${key}' bs=1 seek=${offset} conv=notrunc`;
        await runIn(container, ['sh', '-c', command]);
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

async function runIn(container: Container, Cmd: string[]): Promise<void> {
  const running = await container.exec({ Cmd, AttachStdout: true, AttachStderr: true });
  const output = await running.start({});
  output.resume();
  await finished(output);
  const { ExitCode } = await running.inspect();
  if (ExitCode !== 0) throw new Error(`${Cmd.join(' ')}: exit code ${ExitCode}`);
}

/** Only the server's user may read it. */
function keyFile(keys: { readonly accessKeyId: string; readonly secretAccessKey: string }) {
  const archive = pack();
  const text = `ROOT_ACCESS_KEY=${keys.accessKeyId}\nROOT_SECRET_KEY=${keys.secretAccessKey}\n`;
  archive.entry({ name: 's3-keys', mode: 0o400, uid: 7070, gid: 7070 }, text);
  archive.finalize();
  return Readable.from(archive);
}

/** It changes rarely, so it is built like an engine's and stays. */
async function s3ServerImage(): Promise<string> {
  const contextDirectory = join(import.meta.dirname, 'image');
  const spec = {
    variable: 'S3_SERVER',
    official: { reference: 'versity/versitygw:v1.8.0', unsuitable: 'it is wanted with its own start' },
    local: { origin: 'built', contextDirectory, description: 'an S3 server' } as const,
  };
  const images = await resolveImages([{ engine: 's3-server', spec }], { policy: 'built', progress: silent });
  return images.get('s3-server')?.reference ?? '';
}
