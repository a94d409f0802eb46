import { expect, test } from 'vitest';
import { pauseContainer } from '../../sandbox/containers/nodes/pause-container.ts';

/** Answers in this order, and counts how often it was asked. */
function answering(...answers: readonly (Error | undefined)[]) {
  const asked = { times: 0 };
  const pause = async () => {
    const answer = answers[asked.times];
    asked.times += 1;
    if (answer !== undefined) throw answer;
  };
  return { asked, pause };
}

const busy = new Error('(HTTP code 500) server error - OCI runtime pause failed: unable to freeze: unknown');

test('a pause that the machine was too busy for is tried again', async () => {
  const container = answering(busy, busy, undefined);
  await pauseContainer(container);
  expect(container.asked.times).toBe(3);
});

test('a pause that is refused for another reason is not', async () => {
  const container = answering(new Error('container is not running'), undefined);
  await expect(pauseContainer(container)).rejects.toThrow('container is not running');
  expect(container.asked.times).toBe(1);
});
