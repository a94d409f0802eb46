import { S3Client } from '@aws-sdk/client-s3';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';

/** Where the server is. Everything that is left out comes from the SDK's own environment and files. */
export interface S3ClientOptions {
  /** Default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile's, else Amazon's own. */
  readonly endpoint?: string;
  /** Default: `AWS_REGION`, the profile's; `us-east-1` with an endpoint of one's own. */
  readonly region?: string;
  /** How long the server may be silent, in milliseconds. Default: the deadline `storageAnswer`. */
  readonly answerMs?: number;
}

/** Tries of one request, the first included: a lost connection, a 5xx or a 429 is tried again, with growing pauses. */
const attemptsMax = 3;

/** `https://host:port` of a server that is not Amazon's, without anything secret. Throws `BAD_OPTION`. */
export function endpointOf(options: S3ClientOptions): string | undefined {
  const text = options.endpoint || process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL;
  if (!text) return undefined;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '') {
    return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
  }
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: 'The address of the S3 server (AWS_ENDPOINT_URL) is no http or https address, or has a password in it.',
    next: 'Write https://host:port; credentials have variables of their own.',
  });
}

/** A client with credentials of the standard chain: environment, profile, web identity, container, instance. */
export function createS3Client(options: S3ClientOptions): S3Client {
  const endpoint = endpointOf(options);
  const region = options.region || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || undefined;
  const answerMs = options.answerMs ?? deadlineMs('storageAnswer');
  return new S3Client({
    // Servers other than Amazon's seldom have a host name per bucket, and do not look at the region.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(region !== undefined ? { region } : endpoint !== undefined ? { region: 'us-east-1' } : {}),
    maxAttempts: attemptsMax,
    // We give SHA-256 checksums ourselves, and check what comes back: the SDK's CRC32 on top would be refused by servers
    // that know one checksum for an upload.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A part is small enough to be sent twice: asking first costs a round trip each.
    expectContinueHeader: false,
    // A part may take as long as the line needs, as long as something moves.
    requestHandler: { connectionTimeout: answerMs, socketTimeout: answerMs },
  });
}
