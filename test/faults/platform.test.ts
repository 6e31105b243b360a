import assert from 'node:assert/strict';
import { Agent } from 'undici';
import type { AttachmentCacheOptions } from '../../src';
import { openTcpRelay, type TcpRelay } from '../support/platform/tcp-relay';
import { ARRIVES, countCalls, useMatrix, type CellTools, type Outcome } from './matrix/cell';
import { afterSend, afterUpload, PLATFORM_FAULTS } from './matrix/platform-faults';
import { ALL_WAYS } from './matrix/ways';

/** Milliseconds that a client waits for an answer where one never comes. */
const IMPATIENCE = 1_000;

describe('A fault of the platform or the network', () => {
  const { cell } = useMatrix();

  for (const way of ALL_WAYS) {
    describe(`in ${way.name}`, () => {
      for (const platformFault of PLATFORM_FAULTS) {
        const { name, fault, hangs } = platformFault;
        const send = platformFault.send && afterSend(platformFault, platformFault.send, way);
        const upload = (way.from === 'web' ? platformFault.fetch : undefined) ?? platformFault.upload;
        const options = hangs ? impatient : () => ({});

        if (send) {
          cell(`whose send ${name}: ${inWords(send)}`, () => ({
            way,
            options,
            fault: ({ sim }) => {
              sim.addFaults({ ...fault, path: '/messages$', afterCalls: way.refused });
            },
            outcome: send,
            check: (setting) => {
              if (fault.times === undefined && send === platformFault.send) {
                assert.equal(countCalls(setting, 'messages'), way.refused + 1, 'it is never sent again');
              }
            },
          }));
        }

        if (upload && way.upload !== 'none') {
          const outcome = afterUpload(upload, way);
          cell(`whose upload ${name}: ${inWords(outcome)}`, () => ({
            way,
            options,
            fault: ({ sim }) => {
              sim.addFaults({ ...fault, path: '/message_attachments$' });
            },
            outcome,
            check: (setting) => {
              if (way.upload === 'needed' && upload === 'hopeless') {
                assert.equal(countCalls(setting, 'message_attachments'), 1, 'it is not tried again');
              }
            },
          }));
        }
      }
    });
  }
});

describe('A connection that never comes up', () => {
  const { cell } = useMatrix();

  for (const way of ALL_WAYS) {
    for (const how of ['refused', 'cut in the handshake'] as const) {
      let relay: TcpRelay;
      cell(`in ${way.name}, ${how}: the call is made again, and it arrives`, () => ({
        way,
        options: async ({ platform }) => {
          relay = platform.closeAfterTest(await openTcpRelay(platform.sim));
          return { dispatcher: relay.dispatcher };
        },
        fault: () => {
          relay.refuse(how, 1);
        },
        outcome: ARRIVES,
      }));
    }
  }
});

function impatient({ platform }: CellTools): AttachmentCacheOptions {
  const { ca } = platform.sim;
  const dispatcher = new Agent({ connect: { ca }, headersTimeout: IMPATIENCE, bodyTimeout: IMPATIENCE });
  return { dispatcher: platform.closeAfterTest(dispatcher) };
}

function inWords({ arrives, reported }: Outcome): string {
  if (arrives === 0) return 'it is reported once';
  return reported ? 'it arrives once, and is reported' : 'it arrives';
}
