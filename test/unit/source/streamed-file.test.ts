import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { FormData } from 'undici';
import { StreamedFile } from '../../../src/source/streamed-file';

describe('StreamedFile', () => {
  let streams: number;
  let file: StreamedFile;

  beforeEach(() => {
    streams = 0;
    file = new StreamedFile({ name: 'tom.txt', type: 'text/x-tom', size: 7 }, async function* () {
      streams++;
      await Promise.resolve();
      yield Buffer.from('TOM ');
      yield Buffer.from('CAT');
    });
  });

  it('is a File with its name, type and size', () => {
    assert.ok(file instanceof File);
    assert.deepEqual([file.name, file.type, file.size], ['tom.txt', 'text/x-tom', 7]);
  });

  it('makes its content when its stream is read, anew each time', async () => {
    assert.equal(streams, 0);
    assert.equal((await buffer(file.stream())).toString(), 'TOM CAT');
    assert.equal((await buffer(file.stream())).toString(), 'TOM CAT');
    assert.equal(streams, 2);
  });

  it('gives its content as text and as bytes', async () => {
    assert.equal(await file.text(), 'TOM CAT');
    assert.equal(Buffer.from(await file.arrayBuffer()).toString(), 'TOM CAT');
  });

  it('does not pretend to be empty when it is cut', () => {
    assert.throws(() => file.slice(), /^Error: Cannot slice a file that is streamed: read its stream\(\)$/);
  });

  it('goes into a form of undici', async () => {
    const form = new FormData();
    form.append('filedata', file);
    const entry = form.get('filedata');
    assert.ok(entry instanceof File);
    assert.equal(await entry.text(), 'TOM CAT');
  });
});
