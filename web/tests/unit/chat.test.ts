import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  appended,
  badge,
  type ChatMessage,
  cleaned,
  decode,
  encode,
  MESSAGES_MAX,
  TEXT_LENGTH_MAX,
} from '../../src/lib/chat.ts';

test('what is encoded decodes to itself', () => {
  for (const wire of [
    { type: 'chat', text: 'Grüße 👋\nzweite Zeile' },
    { type: 'presence', microphone: 'off', video: 'screen' },
  ] as const) {
    assert.deepEqual(decode(encode(wire)), wire);
  }
});

test('anything else that arrives is nothing', () => {
  const strange: unknown[] = [
    '',
    'not json',
    'null',
    '[]',
    '{}',
    '{"type":"chat"}',
    '{"type":"chat","text":7}',
    '{"type":"chat","text":"  \\n "}',
    '{"type":"presence","microphone":"loud","video":"off"}',
    '{"type":"presence","microphone":"on"}',
    '{"type":"exec","text":"x"}',
    new ArrayBuffer(4),
    undefined,
    JSON.stringify({ type: 'chat', text: 'x'.repeat(20_000) }),
  ];
  for (const data of strange) assert.equal(decode(data), undefined, String(data).slice(0, 60));
});

test('unknown members of a message are dropped: an author cannot be claimed', () => {
  assert.deepEqual(decode('{"type":"chat","text":"hi","author":"Mina","own":true}'), {
    type: 'chat',
    text: 'hi',
  });
});

test('a text is trimmed and bounded', () => {
  assert.equal(cleaned('  hi \n'), 'hi');
  assert.equal(cleaned('   '), undefined);
  assert.equal(cleaned('x'.repeat(TEXT_LENGTH_MAX + 5))?.length, TEXT_LENGTH_MAX);
});

test('the log keeps its newest messages, and ids go on counting', () => {
  let log: ChatMessage[] = [];
  for (let index = 0; index < MESSAGES_MAX + 3; index++) {
    log = appended(log, { author: 'a', authorId: 'a', own: false, text: `${index}`, at: new Date(0) });
  }
  assert.equal(log.length, MESSAGES_MAX);
  assert.equal(log[0]?.text, '3');
  assert.equal(new Set(log.map(({ id }) => id)).size, MESSAGES_MAX);
});

test('the badge stays short', () => {
  assert.deepEqual([badge(1), badge(9), badge(10), badge(500)], ['1', '9', '9+', '9+']);
});
