import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { compose, engines, files, project, serviceOf, standaloneNode } from './support/compose-file.ts';

test('every engine that a stack has by default is there', () => {
  expect(Object.keys(files[0]?.services ?? {})).toEqual([...defaultEngines, 'schemas']);
});

describe.each(engines)('the service $name', (engine) => {
  const service = serviceOf(engine);
  const node = standaloneNode(engine);

  test('has the pinned official image, or is built where there is no suitable one', () => {
    const pinned = /^\$\{SANDBOX_\w+_IMAGE:-(.*)\}$/.exec(service.image)?.[1];
    const { official, local } = engine.image;
    if (official !== undefined) expect(pinned).toBe(official.reference);
    else expect(join(project, service.build?.context ?? '')).toBe(local.contextDirectory);
    expect(service.image).toContain(`SANDBOX_${engine.image.variable}_IMAGE`);
  });

  test('publishes the ports of the node on the loopback address alone', () => {
    expect(service.ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
    expect(service.ports.map((port) => Number(port.split(':').at(-1)))).toEqual(node.ports);
  });

  test('keeps the data where the node keeps it, and mounts files that are there', () => {
    const volumes = service.volumes ?? [];
    const named = volumes.filter((volume) => !volume.startsWith('./'));
    expect(named.map((volume) => volume.split(':')[1])).toEqual((node.volumes ?? []).map(({ path }) => path));
    for (const volume of named) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    for (const volume of volumes.filter((path) => path.startsWith('./'))) {
      const [from = '', to = ''] = volume.split(':');
      expect(existsSync(join(project, from)), from).toBe(true);
      // Compose hands the password over in one file; this one makes of it what the node's own files are.
      if (from.endsWith('/start-in-compose.sh')) continue;
      const file = node.files?.find(({ path }) => path === to);
      expect(String(file?.content), to).toBe(readFileSync(join(project, from), 'utf8'));
    }
  });

  test('has the command and the settings of the node', () => {
    if (node.entrypoint !== undefined && service.secrets === undefined)
      expect(service.entrypoint).toEqual(node.entrypoint);
    if (node.command !== undefined && node.command.length > 0) expect(service.command).toEqual(node.command);
    for (const [name, value] of Object.entries(node.environment ?? {})) {
      // Where a password is read from, which may lie elsewhere.
      if (name.endsWith('_FILE')) expect(service.environment?.[name], name).toMatch(/^\/run\//);
      else expect(service.environment?.[name], name).toBe(value);
    }
  });

  test('is given the password as a file, and in no variable', () => {
    expect(service.secrets ?? []).toEqual(engine.secretNames.length === 0 ? [] : ['password']);
    expect(JSON.stringify([service.environment, service.entrypoint, service.command])).not.toContain(
      'SANDBOX_PASSWORD',
    );
  });

  test('says when it is healthy', () => {
    expect(service.healthcheck).toBeDefined();
  });
});
