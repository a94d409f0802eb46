// Resolves the image of the engine that its argument describes, and prints each step: for tests that kill a process.
import { resolveImages } from '../../../sandbox/containers/images/images.ts';

const engine = JSON.parse(process.argv[2] ?? '');
await resolveImages([engine], {
  policy: 'built',
  progress: (event) => console.log('text' in event ? event.text : event.kind),
});
