import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { onAbort } from '../../../src/base/abort';

describe('onAbort', () => {
  let controller: AbortController;
  let called: string[];

  beforeEach(() => {
    controller = new AbortController();
    called = [];
  });

  const call = (name: string) => onAbort(controller.signal, () => called.push(name));
  const listeners = (): number => getEventListeners(controller.signal, 'abort').length;

  it('calls all that wait, by one listener, because Node warns of more than ten', () => {
    call('a');
    call('b');
    assert.equal(listeners(), 1);
    assert.deepEqual(called, []);
    controller.abort();
    assert.deepEqual(called, ['a', 'b']);
  });

  it('calls at once if the signal was aborted before, and leaves no listener behind', () => {
    controller.abort();
    call('a')();
    assert.deepEqual([called, listeners()], [['a'], 0]);
  });

  it('does not call what was taken back, and listens no longer when nothing is left', () => {
    const takeBack = [call('a'), call('b'), call('c')];
    takeBack[1]?.();
    assert.equal(listeners(), 1);
    takeBack[0]?.();
    takeBack[2]?.();
    assert.equal(listeners(), 0);
    call('d');
    controller.abort();
    assert.deepEqual(called, ['d']);
  });

  it('lets a callback take itself and others back', () => {
    const takeBack = [
      onAbort(controller.signal, () => {
        called.push('a');
        for (const one of takeBack) one();
      }),
      call('b'),
    ];
    controller.abort();
    assert.deepEqual([called, listeners()], [['a'], 0]);
  });

  it('keeps signals apart', () => {
    const other = new AbortController();
    call('a');
    onAbort(other.signal, () => called.push('other'));
    other.abort();
    assert.deepEqual(called, ['other']);
  });
});
