import { enableCompileCache } from 'node:module';

// Before anything else is loaded: a cached module costs neither stripping of types nor compiling.
enableCompileCache();

const { runCommandLine } = await import('./commands/options/command-line.ts');
await runCommandLine(process.argv.slice(2));
