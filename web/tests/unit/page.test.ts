import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRoomId, newRoomId, roomInAddress, roomInText, transportInAddress } from '../../src/lib/address.ts';
import { bestGrid } from '../../src/lib/layout.ts';
import { loudness } from '../../src/lib/media.ts';
import { displayName, initials, nameProblem, pickColour } from '../../src/lib/people.ts';
import { scaleTop } from '../../src/lib/plot.ts';
import { screenBudget, videoBudget } from '../../src/lib/quality.ts';
import { actionOf } from '../../src/lib/shortcuts.ts';

test('a room is read from the fragment, or else from the query', () => {
  assert.equal(roomInAddress({ hash: '#abc', search: '?room=other' }), 'abc');
  assert.equal(roomInAddress({ hash: '', search: '?room=abc&transport=polling' }), 'abc');
  assert.equal(roomInAddress({ hash: '#', search: '' }), undefined);
  assert.equal(roomInAddress({ hash: '#tea%20room', search: '' }), 'tea room');
  assert.equal(roomInAddress({ hash: '#%E0%A4%A', search: '' }), '%E0%A4%A');
});

test('a room may be typed as its name, pasted as a link, or written with blanks', () => {
  assert.equal(roomInText('  abc '), 'abc');
  assert.equal(roomInText('#abc'), 'abc');
  assert.equal(roomInText('tea room'), 'tea-room');
  assert.equal(roomInText('https://calls.example/#abc-def'), 'abc-def');
  assert.equal(roomInText('https://calls.example/?room=abc'), 'abc');
  assert.equal(isRoomId(roomInText('https://calls.example/')), false);
});

test('room ids are those the server takes', () => {
  for (const id of ['abc', 'A_-9', 'x'.repeat(100)]) assert.ok(isRoomId(id), id);
  for (const id of ['', 'ab', 'x'.repeat(101), 'a b c', 'ä'.repeat(5), 'a/b']) assert.ok(!isRoomId(id), id);
});

test('new rooms have valid names that differ', () => {
  const names = new Set(Array.from({ length: 200 }, () => newRoomId()));
  assert.equal(names.size, 200);
  for (const name of names) assert.match(name, /^[a-z2-9]{3}-[a-z2-9]{4}-[a-z2-9]{3}$/);
});

test('only the two known transports are taken from the address', () => {
  assert.equal(transportInAddress({ search: '?transport=polling' }), 'polling');
  assert.equal(transportInAddress({ search: '?transport=websocket' }), 'websocket');
  assert.equal(transportInAddress({ search: '?transport=pigeon' }), undefined);
});

test('tiles stand beside each other on a desk and above each other on a phone', () => {
  assert.deepEqual(bestGrid(1, 1280, 700, 10), { columns: 1, rows: 1 });
  assert.deepEqual(bestGrid(2, 1280, 600, 10), { columns: 2, rows: 1 });
  assert.deepEqual(bestGrid(2, 340, 560, 10), { columns: 1, rows: 2 });
  assert.deepEqual(bestGrid(3, 1280, 680, 10), { columns: 2, rows: 2 });
  assert.deepEqual(bestGrid(10, 340, 560, 10), { columns: 2, rows: 5 });
});

test('every grid has a place for everyone and no empty row', () => {
  for (let count = 1; count <= 10; count++) {
    for (const [width, height] of [
      [1280, 700],
      [340, 560],
      [800, 800],
      [0, 0],
    ] as const) {
      const { columns, rows } = bestGrid(count, width, height, 10);
      assert.ok(columns * rows >= count && columns * (rows - 1) < count, `${count} in ${width} x ${height}`);
    }
  }
});

test('the budget of a picture shrinks as people come in, a shared screen stays sharp', () => {
  const bitrates = [1, 2, 4, 9].map((others) => videoBudget(others).maxBitrate);
  assert.deepEqual(bitrates, [1_800_000, 1_500_000, 750_000, 333_333]);
  assert.deepEqual(screenBudget(9), { maxBitrate: 600_000, scaleResolutionDownBy: 1 });
});

test('names are 2 to 50 characters, or none', () => {
  for (const name of ['', '  ', 'Jo', '👩‍🚀é', 'x'.repeat(50)])
    assert.equal(nameProblem(name), undefined, name);
  for (const name of ['J', 'x'.repeat(51)]) assert.ok(nameProblem(name), name);
});

test('a name may not hold what breaks or turns text, and may hold what emoji and scripts need', () => {
  for (const unseen of ['\u0000', '\u0007', '\u0085', '\u2028', '\u202a', '\u202e', '\u2066', '\u2069'])
    assert.match(nameProblem(`An${unseen}na`) ?? '', /invisible/, JSON.stringify(unseen));
  for (const name of ['👩‍🚀👩‍🚀', 'نی‌ما', 'a\u200fb']) assert.equal(nameProblem(name), undefined, name);
});

test('people without a name get one from their id', () => {
  assert.equal(displayName(undefined, '-a_B3x9'), 'Guest aB3x');
  assert.equal(displayName(' Mina ', 'id'), 'Mina');
});

test('initials are those of the first and the last name', () => {
  assert.equal(initials('Mina Park'), 'MP');
  assert.equal(initials('jonas'), 'J');
  assert.equal(initials('Ana de la Cruz'), 'AC');
  assert.equal(initials('민아'), '민');
  assert.equal(initials(''), '?');
});

test('ten people have ten colours', () => {
  const taken: string[] = [];
  for (let index = 0; index < 10; index++) taken.push(pickColour('same id', taken));
  assert.equal(new Set(taken).size, 10);
  assert.equal(pickColour('Mina', []), pickColour('Mina', []));
});

test('a shortcut is a lone key, pressed outside text fields', () => {
  const press = { key: 'm', ctrlKey: false, metaKey: false, altKey: false, repeat: false };
  assert.equal(actionOf(press, null), 'microphone');
  assert.equal(actionOf({ ...press, key: 'V' }, null), 'camera');
  assert.equal(actionOf({ ...press, key: 'x' }, null), undefined);
  assert.equal(actionOf({ ...press, ctrlKey: true }, null), undefined);
  assert.equal(actionOf({ ...press, repeat: true }, null), undefined);
  const field = { closest: () => ({}) } as unknown as EventTarget;
  assert.equal(actionOf(press, field), undefined);
});

test('scales end in round numbers', () => {
  const top = (...values: (number | undefined)[]) => scaleTop([{ values, colour: '' }], 5);
  assert.deepEqual([top(), top(3), top(5.1), top(undefined, 130), top(480)], [5, 5, 10, 200, 500]);
});

test('loudness runs from silence to full on a decibel scale', () => {
  assert.equal(loudness(new Float32Array(8)), 0);
  assert.equal(loudness(new Float32Array(8).fill(1)), 1);
  const quiet = loudness(new Float32Array(8).fill(0.01));
  assert.ok(quiet > 0.3 && quiet < 0.5, String(quiet));
});
