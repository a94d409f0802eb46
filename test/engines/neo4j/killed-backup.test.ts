import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupReport } from '../../../sandbox/backup/backup-report.ts';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import { labelNames } from '../../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../../sandbox/containers/runtime/objects.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { neo4j } from '../../../sandbox/engines/neo4j/engine.ts';
import { attachStack } from '../../../sandbox/stack/attach/attach-stack.ts';
import { stackIdentity } from '../../../sandbox/stack/state/stack-identity.ts';
import { startCommand } from '../../../scenarios/backup/whole-platform/command.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../../support/command.ts';

/** Each of them makes several backups, each of which stops the node. */
const timeout = 400_000;

let folder: StackFolder;
const here = () => ({ cwd: folder.path });

beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(['up', '--engines', 'neo4j', '--size', 'none'], here());
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const containers = async () => findContainers({ [labelNames.stack]: stackIdentity({ directory: folder.path }).name });
const isUp = async () =>
  (await containers()).some(({ labels, running }) => running && labels[labelNames.node] === 'neo4j');

test('a backup that is killed while Neo4j is stopped for its dump leaves it to the next command to start it', {
  timeout,
}, async () => {
  const running = startCommand(['backup'], here());
  await poll(async () => !(await isUp()), {
    timeoutMs: 200_000,
    intervalMs: 5,
    onTimeout: () => new Error('the node was never stopped'),
  });
  running.kill('SIGKILL');
  await running;
  expect(await isUp()).toBe(false);
  const report = await runForDocument<BackupReport>(['backup'], here());
  expect(report.engines).toMatchObject([{ engine: 'neo4j', leftOut: [] }]);
  // No record, no helper: the node alone.
  expect(await containers()).toHaveLength(1);
});

test('labels and types of any name are part of the fingerprint', async () => {
  const { engines } = await attachStack({ directory: folder.path });
  const running = engines.get('neo4j') as RunningEngine;
  const names = ['a`b', '``', '\\u0060', '\\\\u0060 {', '数'.repeat(100), 'x`) DETACH DELETE n //', ' '];
  await using opened = await neo4j.connect(running);
  for (const [index, name] of names.entries()) {
    const nodes = { id: `odd ${index}`, name };
    await opened.client.executeQuery('CREATE (a:$($name) {id: $id})-[:$($name)]->(a)', nodes);
  }
  const { parts } = await neo4j.data.fingerprint(running);
  expect(Object.keys(parts)).toEqual(
    expect.arrayContaining(names.flatMap((name) => [`nodes ${name}`, `relationships ${name}`])),
  );
  await opened.client.executeQuery("MATCH (n) WHERE n.id STARTS WITH 'odd ' DETACH DELETE n");
});

describe('files beside the databases', () => {
  const files = [
    '/data/dumps/by-hand.dump',
    // Names that the sandbox gave to its own folders, which every start removed.
    '/data/restored/of-mine.txt',
    '/data/imports/of-mine.csv',
    '/data/a b\n"c".txt',
    '/var/lib/neo4j/import/rows.csv',
  ];

  test('are no part of a backup, which says so, and keep a restore in place from removing them', {
    timeout,
  }, async () => {
    const { engines } = await attachStack({ directory: folder.path });
    const node = firstNode(engines.get('neo4j') as RunningEngine);
    const made = await execInNode(node, [
      'sh',
      '-c',
      'for file in "$@"; do mkdir -p "$(dirname "$file")" && echo mine >"$file"; done',
      'sh',
      ...files,
    ]);
    expect(made.exitCode).toBe(0);
    const report = await runForDocument<BackupReport>(['backup'], here());
    const named = files.toSorted().map((file) => ({ what: `file ${JSON.stringify(file)}`, why: expect.any(String) }));
    expect(report.engines).toMatchObject([{ engine: 'neo4j', leftOut: named }]);

    const { location, name } = report.archive;
    const refused = await runForError(['restore', `${location}/${name}`, '--into', 'replace', '--yes'], here());
    expect(refused).toMatchObject({ code: 'RESTORE_WOULD_LOSE', exitCode: 1 });
    for (const file of files) expect(refused.evidence).toContain(JSON.stringify(file));
    const kept = await execInNode(node, ['cat', ...files]);
    expect(kept.output).toBe('mine\n'.repeat(files.length));
    expect((await execInNode(node, ['rm', ...files])).exitCode).toBe(0);
  });
});
