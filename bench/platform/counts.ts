/** What the stand-in saw since it was last asked to forget. */
export interface Counts {
  /** Messages that were delivered. */
  readonly messages: number;
  /** How many people they went to. */
  readonly recipients: number;
  /** The most that one of them got. */
  readonly most: number;
  /** Uploads, and messages that brought their file along. */
  readonly files: number;
  /** Bytes of bodies that held a file. */
  readonly fileBytes: number;
  /** Bytes of all bodies by path, the version left out. */
  readonly bytes: Readonly<Record<string, number>>;
}

/** The stand-in, once it listens. */
export interface Listening {
  /** Name and port. */
  readonly host: string;
  /** PEM of the authority to trust. */
  readonly ca: string;
}
