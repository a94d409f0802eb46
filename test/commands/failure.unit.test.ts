import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { describeFailure } from '../../sandbox/commands/failure.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';

const gone = '/nowhere/docker.sock';
const host = { DOCKER_HOST: `unix://${gone}` };

/** As Node says it of a socket at which nobody listens. */
const refused = await new Promise<Error>((resolve) => connect(gone).once('error', resolve));

test('a container engine that goes away while a command runs has a code and a next step', () => {
  const failure = describeFailure(refused, host);
  expect(failure).toMatchObject({ code: 'DOCKER_FAILED', message: expect.stringContaining(gone) });
  expect(failure.next).toMatch(/Run it again/);
  expect(describeFailure(refused, { DOCKER_HOST: 'unix:///var/run/docker.sock' }).code).toBe('INTERNAL');
});

test('so has what a container engine refuses', () => {
  const json = { message: 'No such container: redis' };
  const thrown = Object.assign(new Error('(HTTP code 404) no such container'), { statusCode: 404, json });
  expect(describeFailure(thrown, host)).toMatchObject({
    code: 'DOCKER_FAILED',
    message: expect.stringContaining('404'),
  });
});

test('an error of our own making stays one that nobody foresaw', () => {
  expect(describeFailure(new TypeError('undefined is no function'), host).code).toBe('INTERNAL');
});

test("the trace of a server that was lost is that of its driver's error, and is there only where it is asked for", () => {
  const cause = new RangeError('the socket is closed');
  const thrown = new SandboxError({ code: 'CONNECTION_LOST', message: 'it is gone', next: 'wait', cause });
  for (const on of ['1', 'true']) {
    const { evidence } = describeFailure(thrown, { SANDBOX_DEBUG: on });
    expect(evidence).toMatch(/^RangeError: the socket is closed\n\s+at /);
  }
  expect(describeFailure(thrown, {})).not.toHaveProperty('evidence');
});
