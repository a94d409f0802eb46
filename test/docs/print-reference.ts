import { formatReference } from '../../sandbox/commands/reference.ts';

process.stdout.write(formatReference());
