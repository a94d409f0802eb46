import { statusOf } from '../nodes/nodes.ts';
import { docker } from '../runtime/docker.ts';
import { labelNames } from '../runtime/labels.ts';
import type { ImageOrigin, ResolvedImage } from './image-spec.ts';

/** An image that is present on this machine. */
export interface PresentImage {
  /** `sha256:...` of the manifest where it was pulled, of the image otherwise. */
  readonly digest: string;
  /** Origin as its label says; absent on images that are not ours. */
  readonly origin: ImageOrigin | undefined;
}

/** What is known of a local image; `undefined` where there is none. */
export async function inspectImage(reference: string): Promise<PresentImage | undefined> {
  try {
    const details = await (await docker()).getImage(reference).inspect();
    const pulled = details.RepoDigests?.[0]?.split('@')[1];
    return { digest: pulled ?? details.Id, origin: originOf(details.Config?.Labels?.[labelNames.origin]) };
  } catch (thrown) {
    if (statusOf(thrown) === 404) return undefined;
    throw thrown;
  }
}

export function resolved(reference: string, image: PresentImage, origin: ImageOrigin): ResolvedImage {
  return { reference, digest: image.digest, origin };
}

function originOf(label: string | undefined): ImageOrigin | undefined {
  return label === 'official' || label === 'built' || label === 'compatible' ? label : undefined;
}
