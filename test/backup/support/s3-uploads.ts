import { ListMultipartUploadsCommand, ListPartsCommand, type Part } from '@aws-sdk/client-s3';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import type { S3Server } from '../../../scenarios/backup/s3-server/s3-server.ts';

/** Building the image from nothing comes before the first test. */
export const s3ServerTimeoutMs = deadlineMs('imageBuild');

/** Keys of the uploads that were begun and not ended. */
export async function openUploads({ client, bucket }: S3Server): Promise<readonly { key: string; id: string }[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads.map(({ Key = '', UploadId = '' }) => ({ key: Key, id: UploadId }));
}

/** What the server has of an upload. */
export async function partsOf({ client, bucket }: S3Server, key: string, id: string): Promise<readonly Part[]> {
  const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: id }));
  return Parts;
}

/** Bytes that the server has of the one upload of a key. */
export async function sentBytesOf(server: S3Server, key: string): Promise<number> {
  const upload = (await openUploads(server)).find((open) => open.key === key);
  if (upload === undefined) throw new Error(`there is no upload of ${key}`);
  return (await partsOf(server, key, upload.id)).reduce((total, { Size = 0 }) => total + Size, 0);
}
