import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { RunningEngine } from '../../contract/topology.ts';
import {
  type AppendClient,
  type BankClient,
  bankAccounts,
  type RegisterClient,
  type SetClient,
  startBalance,
  type Workload,
  type Workloads,
} from '../../contract/workloads.ts';
import { openClient, type Target } from '../server/connection.ts';
import { inTransaction } from '../server/in-transaction.ts';
import { openPrimaryClient, type PrimaryClient } from '../server/primary-client.ts';
import { currentPrimary } from './rejoin.ts';

/** A database of the platform, so that its backups hold what was written. */
const target: Target = { database: 'taishang_users' };

/** Runs statements that read, on whatever node the client is connected to. */
type Read = PrimaryClient['read'];

export const workloads: Workloads = {
  set: workload((client) => ({ ...setReads(client.read), add: (value) => client.write((on) => insert(on, value)) })),
  append: workload((client) => ({
    ...appendReads(client.read),
    append: (key, value) =>
      client.write((on) =>
        changed(
          on,
          `INSERT INTO drill.append VALUES ($1, ARRAY[$2::bigint])
           ON CONFLICT (key) DO UPDATE SET list = append.list || excluded.list`,
          [key, value],
        ),
      ),
  })),
  register: workload((client) => ({
    ...registerReads(client.read),
    write: (key, value) =>
      client.write((on) =>
        changed(
          on,
          'INSERT INTO drill.register VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
          [key, value],
        ),
      ),
    compareAndSet: (key, from, to) =>
      client.write((on) =>
        changed(on, 'UPDATE drill.register SET value = $3 WHERE key = $1 AND value = $2', [key, from, to]),
      ),
  })),
  bank: workload((client) => ({
    ...bankReads(client.read),
    transfer: (from, to, amount) => client.write((on) => move(on, from, to, amount)),
  })),
};

function workload<Shape extends SetClient | AppendClient | RegisterClient | BankClient>(
  clientOf: (client: PrimaryClient) => Shape,
): Workload<Shape> {
  const disposable = (client: PrimaryClient) => ({
    ...clientOf(client),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  });
  return {
    prepare,
    open: async (running) => disposable(openPrimaryClient(running, target)),
    openMember: async (running, nodeName) => disposable(await openMember(running, nodeName)),
  };
}

async function prepare(running: RunningEngine): Promise<void> {
  await using opened = await openClient(await currentPrimary(running, running.nodes), running.secrets, target);
  await opened.client.query(await readFile(join(import.meta.dirname, '..', 'queries', 'workloads.sql'), 'utf8'));
  const accounts = Array.from({ length: bankAccounts }, (_, account) => account);
  await opened.client.query('INSERT INTO drill.bank SELECT unnest($1::bigint[]), $2', [accounts, startBalance]);
}

/** One node, whatever its role: a standby refuses to write. */
async function openMember(running: RunningEngine, nodeName: string): Promise<PrimaryClient> {
  const node = running.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`there is no node ${nodeName}`);
  const opened = await openClient(node, running.secrets, target);
  return {
    write: async () => 'fail',
    read: (work) => work(opened.client),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

async function changed(client: Client, statement: string, values: readonly unknown[]): Promise<boolean> {
  const { rowCount } = await client.query(statement, [...values]);
  return rowCount === 1;
}

function insert(client: Client, value: number): Promise<boolean> {
  return changed(client, 'INSERT INTO drill.set VALUES ($1)', [value]);
}

/** In the order of the accounts, so that two transfers never wait for each other. */
async function move(client: Client, from: number, to: number, amount: number): Promise<boolean> {
  const steps = [
    [from, -amount],
    [to, amount],
  ].toSorted(([left = 0], [right = 0]) => left - right);
  await inTransaction(client, async () => {
    for (const step of steps)
      await client.query('UPDATE drill.bank SET balance = balance + $2 WHERE account = $1', step);
  });
  return true;
}

function setReads(read: Read): Pick<SetClient, 'readAll'> {
  return { readAll: () => read((on) => numbers(on, 'SELECT value FROM drill.set ORDER BY value')) };
}

function appendReads(read: Read): Pick<AppendClient, 'read'> {
  return {
    read: (key) => read((on) => numbers(on, 'SELECT unnest(list) AS value FROM drill.append WHERE key = $1', [key])),
  };
}

function registerReads(read: Read): Pick<RegisterClient, 'read'> {
  return {
    read: (key) => read(async (on) => (await numbers(on, 'SELECT value FROM drill.register WHERE key = $1', [key]))[0]),
  };
}

function bankReads(read: Read): Pick<BankClient, 'readAll'> {
  return { readAll: () => read((on) => numbers(on, 'SELECT balance AS value FROM drill.bank ORDER BY account')) };
}

async function numbers(client: Client, statement: string, values: readonly unknown[] = []): Promise<readonly number[]> {
  const { rows } = await client.query<{ value: string }>(statement, [...values]);
  return rows.map(({ value }) => Number(value));
}
