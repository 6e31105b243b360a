import { signal } from '@preact/signals';
import { type ThreadMessage } from '../platform/model';

/** The message that the next one replies to. */
export const replyingTo = signal<ThreadMessage | undefined>(undefined);
