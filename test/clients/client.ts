import { createRequire } from 'node:module';

/** What each client is to do, where it can. */
export interface Steps {
  /** Give the attachment ID of a picture. */
  uploadFromUrl(url: string): Promise<unknown>;
  uploadFromFile(file: string): Promise<unknown>;
  sendById(user: string, id: string): Promise<unknown>;
  /** Upload and send in one step. */
  sendFromUrl(user: string, url: string): Promise<unknown>;
  sendFromFile(user: string, file: string): Promise<unknown>;
  /** A button template with the button `BUTTON`. */
  sendTemplate(user: string): Promise<unknown>;
  startTyping(user: string): Promise<unknown>;
}

export const STEP_NAMES = [
  'uploadFromUrl',
  'uploadFromFile',
  'sendById',
  'sendFromUrl',
  'sendFromFile',
  'sendTemplate',
  'startTyping',
] as const satisfies readonly (keyof Steps)[];

export type StepName = (typeof STEP_NAMES)[number];

export interface ClientUnderTest {
  /** On npm. */
  readonly name: string;
  /** Steps that it has no means for, and why. */
  readonly cannot?: Partial<Record<StepName, string>>;
  /** Steps that fail by its own fault: it makes the call without a body. */
  readonly sendsNoBody?: readonly StepName[];
  /** Loads the package, so only in a process in which graph.facebook.com is the simulator. */
  open(page: { id: string; token: string }): Partial<Steps>;
}

export const BUTTON = { type: 'postback', title: 'More', payload: 'MORE' } as const;
export const TEXT = 'What now?';

/** The packages are in this folder, once `npm run test:clients` has installed them. */
export const load = createRequire(__filename);
