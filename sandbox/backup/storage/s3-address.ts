import { SandboxError } from '../../core/errors.ts';

/** A bucket, and the folder in it. */
export interface S3Address {
  readonly bucket: string;
  /** Begins every key: empty, or ends with `/`. */
  readonly prefix: string;
}

/** Names that S3 takes (Amazon S3 User Guide, "General purpose bucket naming rules"). */
const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export function isS3Address(text: string): boolean {
  return text.startsWith('s3://');
}

/** Reads `s3://bucket/prefix`. Throws `BAD_OPTION`. */
export function parseS3Address(text: string): S3Address {
  const [bucket = '', ...folders] = isS3Address(text) ? text.slice('s3://'.length).split('/') : [];
  const names = folders.filter((name) => name !== '');
  if (!bucketPattern.test(bucket) || names.some((name) => name === '.' || name === '..' || /\p{Cc}/u.test(name))) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `${JSON.stringify(text)} is not the address of a bucket.`,
      next: 'Write s3://bucket or s3://bucket/prefix; credentials come from the environment or ~/.aws.',
    });
  }
  return { bucket, prefix: names.map((name) => `${name}/`).join('') };
}
