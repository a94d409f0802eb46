import { addAbortSignal, type Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { docker } from '../../containers/runtime/docker.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import type { NodeRole } from '../../engines/contract/topology.ts';
import {
  describe,
  type KnownStack,
  knownStack,
  rolesOf,
  type StackTopology,
  type TopologyOptions,
} from './stack-topology.ts';
import { type WatcherTopology, watcherOf } from './watcher-decisions.ts';

/** Pause between an engine's answer and the next question to it, in milliseconds. Each question is a connection to every node. */
const pauseMs = 50;

/**
 * Shows a stack's topology, and again whenever it has changed, until `signal` aborts. Each engine is asked on its own:
 * a node that keeps its engine waiting does not hold up the others. What the container engine knows (nodes, faults) is
 * read again when that says that something happened. Throws `STACK_NOT_RUNNING`, also once the stack is taken down.
 */
export async function watchTopology(
  options: TopologyOptions,
  show: (topology: StackTopology) => void,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const roles = new Map<string, readonly NodeRole[]>();
  const watchers = new Map<string, WatcherTopology>();
  let stack = await knownStack(options);
  let shown = '';
  const showIfChanged = (): void => {
    const { name, engines, faults } = stack;
    // Not before every engine has answered once.
    if (stop.aborted || !engines.every(({ engine }) => roles.has(engine.name))) return;
    const topology: StackTopology = {
      version: 1,
      stack: name,
      engines: engines.map(({ running }) =>
        describe(running, roles.get(running.engine) ?? [], faults, watchers.get(running.engine)),
      ),
    };
    const text = JSON.stringify(topology);
    if (text === shown) return;
    shown = text;
    show(topology);
  };
  const ask = async (name: string): Promise<void> => {
    for (let known = find(stack, name); known !== undefined && !stop.aborted; known = find(stack, name)) {
      const [now, watcher] = await Promise.all([rolesOf(known), watcherOf(known.running)]);
      roles.set(name, now);
      if (watcher !== undefined) watchers.set(name, watcher);
      showIfChanged();
      await delay(pauseMs, undefined, { signal: stop }).catch(() => {});
    }
    roles.delete(name);
  };
  const asked = new Set<string>();
  const failed = Promise.withResolvers<never>();
  // Engines may be added to the stack, and come back to it.
  const askAll = (): void => {
    for (const { engine } of stack.engines.filter((each) => !asked.has(each.engine.name))) {
      asked.add(engine.name);
      ask(engine.name).then(() => asked.delete(engine.name), failed.reject);
    }
  };
  const follow = async (): Promise<void> => {
    for await (const _ of changesOf(stack.name, stop)) {
      stack = await knownStack(options);
      askAll();
      showIfChanged();
    }
  };
  try {
    await Promise.race([follow(), failed.promise]);
  } finally {
    over.abort();
  }
}

function find({ engines }: KnownStack, name: string) {
  return engines.find(({ engine }) => engine.name === name);
}

/** Yields at the beginning, and whenever something may have happened to a container of the stack since. */
async function* changesOf(stackName: string, signal: AbortSignal): AsyncGenerator<void> {
  const client = await docker();
  while (!signal.aborted) {
    const label = [`${labelNames.stack}=${stackName}`];
    const stream = await client.getEvents({ filters: { type: ['container'], label } });
    // Its types know less of it than it is: an answer of HTTP.
    const events = addAbortSignal(signal, stream as unknown as Readable);
    // What happened before the container engine was listened to.
    yield;
    try {
      for await (const _ of events) yield;
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    } finally {
      events.destroy();
    }
  }
}
