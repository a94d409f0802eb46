import { type ErrorCode, messageOf, SandboxError } from '../../core/errors.ts';

/** What is being done where, for the texts of errors. */
export interface S3Place {
  /** `s3://bucket/prefix`. */
  readonly address: string;
  /** `https://host:port` of a server that is not Amazon's. */
  readonly endpoint: string | undefined;
}

/** What an error of the SDK has, of which there are several kinds. */
interface Seen {
  readonly name: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
}

const denied = /^(AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|Expired|InvalidToken|RequestTimeTooSkewed)/;
/** The Versity gateway says of an unknown key, with status 404, what Amazon says with 403. */
const unknownUser = /^XAdminUserNotFound$/;
const noCredentials = /^CredentialsProviderError$|^Could not load credentials|^Resolved credential object is not valid/;
const noRegion = /^Region (?:is missing|not accepted)/;
const full = /^(InsufficientStorage|QuotaExceeded|XMinioStorageFull|ServiceQuotaExceeded)/;
const network =
  /^(ECONN|EPIPE|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET|ERR_STREAM_PREMATURE|UND_ERR|CERT_|SELF_SIGNED|DEPTH_ZERO|TimeoutError)/;

/**
 * The SDK's error in our words: `STORAGE_DENIED`, `STORAGE_NOT_FOUND`, `STORAGE_FULL`, `STORAGE_UNREACHABLE`,
 * `BACKUP_NOT_FOUND`, `BACKUP_FAILED`, or `BAD_OPTION` without a region. The original is not carried on: its request holds the key's id and a signature.
 */
export function storageError(thrown: unknown, place: S3Place): unknown {
  if (thrown instanceof SandboxError) return thrown;
  const local = thrown as NodeJS.ErrnoException;
  if (local.code === 'ENOSPC' || local.code === 'EDQUOT') return noLocalRoom(local);
  if (local.path !== undefined) return thrown;
  const seen = look(thrown);
  const { code, message, next } = wording(seen, place);
  return new SandboxError({ code, message, next, evidence: `${seen.code || seen.name}: ${seen.message}` });
}

/** Whether asking again later may help: the connection or the server failed, not the request. */
export function isTransient(thrown: unknown): boolean {
  return kindOf(look(thrown)) === 'STORAGE_UNREACHABLE';
}

/** Whether the server says that there is no such upload, or no such object. */
export function isMissing(thrown: unknown): boolean {
  const { name, status } = look(thrown);
  return ['NoSuchUpload', 'NoSuchKey', 'NotFound'].includes(name) || (status === 404 && name === 'Unknown');
}

/** Whether the server says that something has this key already. */
export function isNameTaken(thrown: unknown): boolean {
  return look(thrown).status === 412;
}

function look(thrown: unknown): Seen {
  const error = (thrown ?? {}) as {
    name?: string;
    code?: string;
    Code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  return {
    name: error.name ?? '',
    code: error.code ?? error.Code ?? '',
    status: error.$metadata?.httpStatusCode,
    message: messageOf(thrown),
  };
}

function kindOf({ name, code, status, message }: Seen): ErrorCode {
  const says = (pattern: RegExp) => pattern.test(name) || pattern.test(code) || pattern.test(message);
  if (says(noRegion)) return 'BAD_OPTION';
  if (says(noCredentials) || says(unknownUser) || says(denied)) return 'STORAGE_DENIED';
  if (status === 507 || says(full)) return 'STORAGE_FULL';
  if (name === 'NoSuchBucket' || name === 'PermanentRedirect') return 'STORAGE_NOT_FOUND';
  if (status === 401 || status === 403) return 'STORAGE_DENIED';
  if (status === 404) return 'BACKUP_NOT_FOUND';
  if (says(network) || (status !== undefined && (status >= 500 || status === 429))) return 'STORAGE_UNREACHABLE';
  // A server that ends the connection in the middle of an answer.
  if (/socket hang up|aborted|premature|terminated/i.test(message)) return 'STORAGE_UNREACHABLE';
  return 'BACKUP_FAILED';
}

function wording(seen: Seen, { address, endpoint }: S3Place): { code: ErrorCode; message: string; next: string } {
  const code = kindOf(seen);
  const where = endpoint === undefined ? address : `${address} at ${endpoint}`;
  switch (code) {
    case 'BAD_OPTION':
      return {
        code,
        message: `No valid region is set for ${where}.`,
        next: "Set AWS_REGION, a region in the profile, or AWS_ENDPOINT_URL for a server that is not Amazon's.",
      };
    case 'STORAGE_DENIED':
      return noCredentials.test(seen.name) || noCredentials.test(seen.message)
        ? {
            code,
            message: `There are no credentials for ${where}.`,
            next: 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
          }
        : {
            code,
            message: `${where} refuses these credentials.`,
            next: 'Check the key, its clock, and that it may list, read, write and delete there.',
          };
    case 'STORAGE_FULL':
      return {
        code,
        message: `${where} has no room left.`,
        next: 'Make room there or shorten --retention, and run it again: what was sent stays.',
      };
    case 'STORAGE_NOT_FOUND':
      return {
        code,
        message: `There is no bucket for ${where}, or it is in another region.`,
        next: 'Make the bucket, or set AWS_REGION.',
      };
    case 'BACKUP_NOT_FOUND':
      return { code, message: `There is no such backup in ${where}.`, next: 'Look at its name.' };
    case 'STORAGE_UNREACHABLE':
      return {
        code,
        message: `${where} does not answer, or broke off.`,
        next: 'Run it again once it does: what was transferred stays.',
      };
    default:
      return { code: 'BACKUP_FAILED', message: `${where} does not take it.`, next: 'Its answer is below.' };
  }
}

function noLocalRoom(cause: NodeJS.ErrnoException): SandboxError {
  return new SandboxError({
    code: 'NO_DISK_SPACE',
    message: 'This machine has no room for the archive.',
    next: 'Make room and run it again: what was transferred stays.',
    cause,
  });
}
