// Holds a volume by a helper's container until it is killed. Arguments: image, volume.
import { runOneOff } from '../../../sandbox/containers/runtime/exec.ts';

const [image = '', volume = ''] = process.argv.slice(2);
await runOneOff({
  image,
  entrypoint: ['/bin/sleep'],
  command: ['600'],
  binds: [`${volume}:/held`],
  labels: {},
});
