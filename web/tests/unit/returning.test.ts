import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextTry } from '../../src/lib/returning.ts';

test('a room that is full of our own ghost is asked again every 2 to 5 seconds', () => {
  for (const code of ['ROOM_FULL', 'RATE_LIMIT', 'UNAVAILABLE', 'TIMEOUT']) {
    assert.equal(nextTry({ code }, 0, 0), 2_000, code);
    assert.equal(nextTry({ code }, 0, 1), 5_000, code);
  }
});

test('a server that says when is asked then, and never in a hurry', () => {
  assert.equal(nextTry({ code: 'RATE_LIMIT', retryAfterMs: 9_000 }, 0), 9_000);
  assert.equal(nextTry({ code: 'RATE_LIMIT', retryAfterMs: 0 }, 0), 2_000);
});

test('after a minute it is over, and at once where asking again cannot help', () => {
  assert.equal(nextTry({ code: 'ROOM_FULL' }, 55_000, 1), 5_000);
  assert.equal(nextTry({ code: 'ROOM_FULL' }, 55_001, 1), undefined);
  assert.equal(nextTry({ code: 'RATE_LIMIT', retryAfterMs: 60_001 }, 0), undefined);
  for (const code of ['VALIDATION_ERROR', 'FORBIDDEN', 'AUTH_ERROR', 'REFUSED'])
    assert.equal(nextTry({ code }, 0), undefined, code);
});

test('however chance falls, the room is asked at least a dozen times', () => {
  let since = 0;
  let tries = 0;
  for (;;) {
    const wait = nextTry({ code: 'ROOM_FULL' }, since, 1);
    if (wait === undefined) break;
    since += wait;
    tries += 1;
  }
  assert.equal(tries, 12);
});
