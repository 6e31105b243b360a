import assert from 'node:assert/strict';
import { types } from 'node:util';
import * as plugin from '../../../src';
import { toError, withContext } from '../../../src/base/errors';
import { errorOfOtherRealm } from '../../support/checks/other-realm';
import { loadAnew } from '../../support/checks/load-anew';

type Plugin = typeof plugin;

const {
  FacebookAttachmentsError,
  isAdapterError,
  isAttachmentError,
  isFacebookAttachmentsError,
  isGraphError,
  isPartlySentError,
  isStoreError,
  isTransportError,
} = plugin;

const GUARDS = {
  isAdapterError,
  isAttachmentError,
  isGraphError,
  isTransportError,
  isPartlySentError,
  isStoreError,
};

const INTENT = { action: 'send', asset: 'image "cats/tom.jpg"' } as const;

function errorsOf({
  AdapterError,
  AttachmentError,
  GraphError,
  TransportError,
  PartlySentError,
  StoreError,
}: Plugin) {
  return {
    isAdapterError: new AdapterError('ERR_ADAPTER_SEND_FAILED', 'a text', '(#100) No'),
    isAttachmentError: new AttachmentError('ERR_ATTACHMENT_EMPTY', 'image "a.png"', 'it has no content'),
    isGraphError: new GraphError(INTENT, 400, { message: 'No', code: 100 }),
    isTransportError: new TransportError('ERR_GRAPH_UNREACHABLE', INTENT, 'no connection'),
    isPartlySentError: new PartlySentError(new Error('No picture'), ['a text'], ['m_1']),
    isStoreError: new StoreError('read', 'the store is down'),
  };
}

describe('The errors', () => {
  const own = errorsOf(plugin);
  const others = errorsOf(loadAnew(require.resolve('../../../src')) as Plugin);

  for (const [name, error] of Object.entries(own)) {
    it(`have one base class: ${error.name}`, () => {
      assert.ok(error instanceof FacebookAttachmentsError);
      assert.ok(error instanceof Error);
      assert.ok(isFacebookAttachmentsError(error));
    });

    it(`have a guard each: ${name} knows ${error.name} and no other`, () => {
      const knowing = Object.entries(GUARDS).filter(([, isKnown]) => isKnown(error));
      assert.deepEqual(
        knowing.map(([guard]) => guard),
        [name],
      );
    });
  }

  for (const [name, error] of Object.entries(others)) {
    it(`are known though another copy of the package made them: ${error.name}`, () => {
      assert.equal(error instanceof FacebookAttachmentsError, false);
      assert.ok(isFacebookAttachmentsError(error));
      assert.ok(GUARDS[name as keyof typeof GUARDS](error));
    });
  }

  it('are no errors of others, whatever their name', () => {
    const strangers = [
      Object.assign(new Error('Bad'), { name: 'GraphError' }),
      { name: 'GraphError', message: 'Bad' },
      'GraphError',
      undefined,
      null,
    ];
    for (const stranger of strangers) {
      assert.equal(isFacebookAttachmentsError(stranger), false);
      for (const isKnown of Object.values(GUARDS)) assert.equal(isKnown(stranger), false);
    }
  });

  it('print no fields that are for this package alone', () => {
    for (const error of Object.values(own)) assert.deepEqual(Object.getOwnPropertySymbols(error), []);
  });

  it('tell why an attachment cannot be sent, apart from which it is', () => {
    const { asset, reason, message } = own.isAttachmentError;
    assert.equal(reason, 'it has no content');
    assert.equal(message, `Cannot send ${asset}: ${reason}`);
  });

  describe('withContext', () => {
    const FIRST = { page: '1001', recipient: { id: '1' } };
    const isOther = ([field]: [string, unknown]) => field !== 'recipient';
    const SECOND = { page: '1001', recipient: { id: '2' } };

    for (const make of Object.keys(own) as (keyof typeof own)[]) {
      it(`gives a second message a copy, which is the same but for the message: ${make}`, () => {
        const error = errorsOf(plugin)[make];
        assert.equal(withContext(error, FIRST), error);
        assert.equal(withContext(error, FIRST), error);
        const copy = withContext(error, SECOND);
        assert.notEqual(copy, error);
        assert.deepEqual([error.recipient, copy.recipient], [FIRST.recipient, SECOND.recipient]);
        assert.ok(GUARDS[make](copy) && types.isNativeError(copy));
        assert.equal(copy.constructor, error.constructor);
        assert.equal(copy.stack, error.stack);
        assert.deepEqual(Object.entries(copy).filter(isOther), Object.entries(error).filter(isOther));
        assert.equal(copy.message, error.message);
      });
    }

    it('does not touch errors of others, such as the reason of a signal', () => {
      const reason = new DOMException('Enough', 'AbortError');
      assert.equal(withContext(reason, FIRST), reason);
      assert.equal('recipient' in reason, false);
    });
  });
});

describe('toError', () => {
  it('leaves an error of another realm as it is', () => {
    const error = errorOfOtherRealm('x');
    assert.equal(toError(error), error);
  });
});

describe('StoreError', () => {
  it('has the message of an error of another realm', () => {
    assert.equal(
      new plugin.StoreError('read', errorOfOtherRealm('the store is down')).reason,
      'the store is down',
    );
  });
});

describe('PartlySentError', () => {
  it('says what has arrived, in one sentence after that of its cause', () => {
    for (const reason of ['No picture', 'No picture.']) {
      const error = new plugin.PartlySentError(
        new Error(reason),
        ['a text', 'image "a.png"'],
        ['m_1', 'm_2'],
      );
      assert.equal(error.code, 'ERR_PARTLY_SENT');
      assert.equal(
        error.message,
        'No picture. Another part of the message has arrived (a text and image "a.png"), so do not send the whole message again.',
      );
      assert.deepEqual(error.messageIds, ['m_1', 'm_2']);
    }
  });
});
