import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { platformContracts } from '../../sandbox/quality/contracts/read-contracts.ts';

/** A package of PyPI that has the standard's schema, as it was published, in it: no copy of it is kept here. */
const carrier = 'datacontract-cli==1.2.8';

test('each contract is one of the published standard', async () => {
  await using folder = await createTemporaryFolder('taishang-standard-');
  await execa('pip', ['download', '--quiet', '--no-deps', '--dest', folder.path, carrier]);
  const [wheel = ''] = globSync('*.whl', { cwd: folder.path });
  await execa('python3', ['-m', 'zipfile', '-e', wheel, '.'], { cwd: folder.path });
  const schema = await readFile(join(folder.path, 'datacontract/schemas/odcs-3.1.0.schema.json'), 'utf8');
  const isContract = new Ajv2019({ strict: false, validateFormats: false }).compile(JSON.parse(schema));
  const files = globSync('*/*.odcs.yaml', { cwd: platformContracts });
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    isContract(parse(await readFile(join(platformContracts, file), 'utf8')));
    expect(isContract.errors ?? [], file).toEqual([]);
  }
  expect(isContract({ kind: 'DataContract', apiVersion: 'v3.1.0', id: 'none', status: 'draft' })).toBe(false);
});
