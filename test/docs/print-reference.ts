import { formatReference } from '../../sandbox/commands/options/reference.ts';

process.stdout.write(formatReference());
