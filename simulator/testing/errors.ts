/** Why a conversation with a bot could not go on. */
export type ConversationProblem =
  /** The bot's webhook could not be reached, or answered with an error. */
  | 'not_delivered'
  /** The bot sent less than was waited for. */
  | 'no_reply'
  /** There is nothing of that name to tap or to react to. */
  | 'not_there'
  /** The bot answered something else than the transcript has. */
  | 'transcript_differs';

/** Thrown by a `Person`: what the person did, and what the bot did then. */
export class ConversationError extends Error {
  override readonly name: string = 'ConversationError';
  readonly code: ConversationProblem;

  constructor(code: ConversationProblem, message: string) {
    super(message);
    this.code = code;
  }
}
