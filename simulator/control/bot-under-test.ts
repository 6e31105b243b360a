/** What a tester may do to a bot, beyond what its calls show. Whoever starts the simulator may hand some in. */
export interface BotUnderTest {
  /** The store in which the bot keeps its IDs. */
  store?: {
    isUp(): boolean;
    setUp(up: boolean): void;
  };
  /** The folder of what the bot sends. */
  assets?: {
    list(): Promise<BotAsset[]>;
    /** Adds or replaces a file. Throws an `InputError` for a path that it does not take. */
    put(path: string, bytes: Buffer): Promise<void>;
    /** What a user writes to get the file; shown as a hint. */
    ask?(path: string): string | undefined;
  };
}

export interface BotAsset {
  /** Inside the folder. */
  path: string;
  bytes: number;
}

/** As the control API shows it. */
export interface BotState {
  store?: 'up' | 'down';
  assets?: (BotAsset & { ask?: string | undefined })[];
}

export async function botState({ store, assets }: BotUnderTest): Promise<BotState> {
  const listed = await assets?.list();
  return {
    ...(store && { store: store.isUp() ? ('up' as const) : ('down' as const) }),
    ...(listed && {
      assets: listed.map((file) => ({ ...file, ...(assets?.ask && { ask: assets.ask(file.path) }) })),
    }),
  };
}
