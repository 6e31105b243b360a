import type { ClientUnderTest } from '../client';
import { bootbot } from './bootbot';
import { businessSdk } from './business-sdk';
import { fb } from './fb';
import { fbmessenger } from './fbmessenger';
import { messengerNode } from './messenger-node';
import { messengerSdk } from './messenger-sdk';
import { sociably } from './sociably';

export const CLIENTS: readonly ClientUnderTest[] = [
  fbmessenger,
  messengerNode,
  messengerSdk,
  bootbot,
  fb,
  businessSdk,
  sociably,
];
