import { LRUCache } from 'lru-cache';
import { AttachmentError, toError, withContext } from '../base/errors';
import { isError } from '../base/is-error';
import { isRecord } from '../base/records';
import { labelOfPart } from '../message/label';
import { toParams, type ActivityLike, type MessageActivity } from './bot-framework';
import type { InFlight } from '../base/in-flight';
import type { FailedMessage } from '../events/events';

/** The part of a BotWorker that is used. */
export interface BotLike {
  getConfig(key: string): unknown;
}

/** A middleware of Botkit's endpoint `send`. */
export type SendMiddleware = (
  bot: BotLike,
  activity: MessageActivity,
  next: (error?: unknown) => void,
) => void;

/** A middleware of Botkit's endpoint `spawn`. */
export type SpawnMiddleware = (bot: BotLike, next: () => void) => void;

/** Gets the IDs of the attachments of a message before it is sent. */
export type EnsureIds = (bot: BotLike, activity: MessageActivity) => Promise<void>;

/** What is used of a Botkit controller beyond its public part. */
interface ControllerLike {
  spawn(...config: unknown[]): Promise<BotLike>;
  addDialog(dialog: unknown): void;
  readonly dialogSet: {
    getDialogs(): unknown[];
    createContext(context: unknown): Promise<{ continueDialog(): Promise<unknown> }>;
  };
}

/** The methods by which Botkit calls the handlers of a bot. */
const HANDLERS = ['listenForInterrupts', 'listenForTriggers', 'trigger'] as const;

const HANDLER_ENDED =
  'the handler ended before the attachment was ready. Write `await` before `bot.reply` and `bot.say`';

/** How many errors are remembered as ours. They come to a handler's end at once, if at all. */
const MAX_REJECTIONS = 1_000;

/**
 * The option `strict` in a Botkit bot. The send middleware is the only place from which an error reaches the caller of
 * `bot.say`; there the attachments get their IDs, and `bot.say` rejects if that fails.
 *
 * What a person typed can be the cause of that, and must end neither the process nor a script. Botkit lets what a
 * handler throws become an unhandled rejection, so an error that a handler passes on ends there; it has been reported.
 * A script has nobody to catch anything: its messages get their IDs when they are sent, and fail like those of a bot
 * that is not strict.
 */
export class StrictMode {
  readonly #inFlight: InFlight;
  readonly #ensureIds: EnsureIds;
  readonly #report: (error: unknown, message: FailedMessage) => void;
  readonly #scriptBots = new WeakSet();
  /** By their text, because Botkit passes on a copy that has nothing else. */
  readonly #rejections = new LRUCache<string, Error>({ max: MAX_REJECTIONS });

  constructor(
    inFlight: InFlight,
    ensureIds: EnsureIds,
    report: (error: unknown, message: FailedMessage) => void,
  ) {
    this.#inFlight = inFlight;
    this.#ensureIds = ensureIds;
    this.#report = report;
  }

  readonly send: SendMiddleware = (bot, activity, next) => {
    if (this.#scriptBots.has(bot)) {
      next();
      return;
    }
    const message = conversationOf(bot);
    const reject = (thrown: unknown): void => {
      const error = withContext(toError(thrown), message);
      this.#rejections.set(String(error), error);
      this.#report(error, message);
      next(error);
    };
    this.#ensureIds(bot, activity).then(() => {
      if (!isTurnOver(bot)) next();
      else
        reject(
          new AttachmentError('ERR_ATTACHMENT_HANDLER_ENDED', labelOfPart(toParams(activity)), HANDLER_ENDED),
        );
    }, reject);
  };

  /**
   * A caller that does not wait for `bot.say` has not asked for its error. The message is in flight from here on,
   * because its IDs are obtained before the adapter sees it.
   */
  readonly spawn: SpawnMiddleware = (bot, next) => {
    const methods = bot as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of ['say', 'reply']) {
      const original = methods[name]?.bind(bot);
      if (!original) continue;
      methods[name] = (...args) => {
        const said: Promise<unknown> = this.#inFlight
          .run(() => original(...args))
          .catch((error: unknown) => {
            if (this.#isOurs(error)) said.catch(ignore);
            throw error;
          });
        return said;
      };
    }
    next();
  };

  /** Sees to it that what a bot's handlers and scripts let pass ends nothing. */
  guard(controller: unknown): void {
    if (!isRecord(controller) || !isRecord(controller.dialogSet)) return;
    this.#guardHandlers(controller);
    this.#guardDialogs(controller as unknown as ControllerLike);
  }

  #guardHandlers(controller: Record<string, unknown>): void {
    for (const name of HANDLERS) {
      const original = controller[name];
      if (typeof original !== 'function') continue;
      controller[name] = async (...args: unknown[]): Promise<unknown> => {
        try {
          return await (original.apply(controller, args) as Promise<unknown>);
        } catch (error) {
          this.#endHere(error);
          return undefined;
        }
      };
    }
  }

  #guardDialogs(controller: ControllerLike): void {
    const { dialogSet } = controller;
    const createContext = dialogSet.createContext.bind(dialogSet);
    dialogSet.createContext = async (context) => {
      const dialogContext = await createContext(context);
      const continueDialog = dialogContext.continueDialog.bind(dialogContext);
      dialogContext.continueDialog = async () => {
        try {
          return await continueDialog();
        } catch (error) {
          this.#endHere(error);
          return { status: 'complete' };
        }
      };
      return dialogContext;
    };
    const view = this.#viewForScripts(controller);
    const mark = (dialog: unknown): void => {
      // A conversation spawns the bots for its lines and hooks itself.
      if (isRecord(dialog) && dialog._controller === controller) dialog._controller = view;
    };
    dialogSet.getDialogs().forEach(mark);
    const addDialog = controller.addDialog.bind(controller);
    controller.addDialog = (dialog) => {
      mark(dialog);
      addDialog(dialog);
    };
  }

  /** The controller as a conversation is to see it: whatever bot it spawns is a script's. */
  #viewForScripts(controller: ControllerLike): ControllerLike {
    const spawn: ControllerLike['spawn'] = async (...config) => {
      const bot = await controller.spawn(...config);
      this.#scriptBots.add(bot);
      return bot;
    };
    return Object.create(controller, { spawn: { value: spawn } }) as ControllerLike;
  }

  /** @throws `error`, if it is not one that strict mode rejected with. */
  #endHere(error: unknown): void {
    if (!this.#isOurs(error)) throw error;
  }

  #isOurs(error: unknown): boolean {
    // The dialogs wrap what is thrown in them; `trigger` throws a text with it.
    const { error: wrapped } = (error ?? {}) as { error?: unknown };
    return [error, wrapped].some(
      (each) => this.#rejections.has(String(each)) || (isError(each) && this.#rejections.has(each.message)),
    );
  }
}

/** BotBuilder revokes the context of a turn at its end, and Botkit would throw where nobody can catch it. */
function isTurnOver(bot: BotLike): boolean {
  try {
    conversationOf(bot);
    return false;
  } catch {
    return true;
  }
}

/** Whom a bot worker talks to, and as which page: the turn's activity is one that came from the person. */
function conversationOf(bot: BotLike): FailedMessage {
  const { activity } = bot.getConfig('context') as { activity?: ActivityLike };
  return { page: activity?.recipient?.id, recipient: { id: activity?.from?.id } };
}

function ignore(): void {
  // It has been reported.
}
