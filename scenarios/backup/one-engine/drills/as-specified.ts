import assert from 'node:assert/strict';
import { messageOf } from '../../../../sandbox/core/errors.ts';
import { differenceOf } from '../../../../sandbox/engines/shared/backup/fingerprint-difference.ts';
import { startThrowAway } from '../../../throw-away.ts';
import type { Drill } from '../drill.ts';

/** A negative control: a suite that took these commands for a good restore would prove nothing. */
export const asSpecifiedDrill: Drill = {
  name: "negative control: the specification's own commands are caught",
  notRun: ({ backup }) =>
    backup.asSpecified === undefined ? 'its commands are not in this image, or there are none' : undefined,
  run: async ({ engine, backup, source, context }, measures) => {
    const { asSpecified } = backup;
    if (asSpecified === undefined) throw new Error('there are no commands');
    measures.commands = asSpecified.description;
    const before = await engine.data.fingerprint(source);
    await using target = await startThrowAway(engine, 'as specified', context);
    const ended = await asSpecified.run(source, target.running).then(
      () => 'they ended without an error',
      (thrown: unknown) => `they failed: ${messageOf(thrown)}`,
    );
    measures.ended = ended.slice(0, 300);
    const { different } = differenceOf(before, await engine.data.fingerprint(target.running));
    measures.partsThatDiffer = different.length;
    assert.ok(different.length > 0, `the control was not caught: ${ended}, and every part is the same`);
  },
};
