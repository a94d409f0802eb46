import { resolveImages } from '../../../sandbox/containers/images/images.ts';
import { tinyEngine } from '../../containers/support/tiny-images.ts';

/** Reference of an image that does no more than this where a server would start. */
export async function redisThat(commands: string): Promise<string> {
  const tiny = await tinyEngine(
    'COPY docker-entrypoint.sh /usr/local/bin/\nRUN chmod 755 /usr/local/bin/docker-entrypoint.sh',
    {
      files: { 'docker-entrypoint.sh': `#!/bin/sh\n${commands}\n` },
    },
  );
  const images = await resolveImages([tiny], { policy: 'built', progress: () => {} });
  return images.get(tiny.engine)?.reference ?? '';
}
