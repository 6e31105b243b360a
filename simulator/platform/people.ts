import { statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../base/check';
import { isId } from './model';

/** How a person appears to the bot, in the User Profile API, and in the UI. */
export interface PersonProfile {
  /** Of digits. */
  id: string;
  /** First name and last name. */
  name: string;
  /** The path of a picture. Default: none; `profile_pic` is withheld */
  picture?: string;
  /** Such as `en_US`. Default: withheld, as from a bot without the permission */
  locale?: string;
  /** Hours from UTC. Default: withheld */
  timezone?: number;
  /** Default: withheld */
  gender?: string;
}

/** The people who have a name. Everybody else with an ID of digits is there, too, as a test user. */
export class People {
  readonly #profiles = new Map<string, PersonProfile>();
  readonly #origin: () => string;

  /** @param origin Of the addresses of pictures. */
  constructor(profiles: readonly PersonProfile[], origin: () => string) {
    this.#origin = origin;
    for (const profile of profiles) this.#add(profile);
  }

  list(): PersonProfile[] {
    return [...this.#profiles.values()];
  }

  get(id: string): PersonProfile | undefined {
    return this.#profiles.get(id);
  }

  nameOf(id: string): string {
    return this.get(id)?.name ?? `Test User ${id}`;
  }

  pictureUrl({ id, picture }: PersonProfile): string | undefined {
    return picture === undefined ? undefined : `${this.#origin()}/_sim/people/${id}/picture`;
  }

  #add(profile: PersonProfile): void {
    const { id, name, picture } = profile;
    if (!isId(id)) throw new InputError(`Expected a person's id to be a string of digits, got "${id}"`);
    if (this.#profiles.has(id)) throw new InputError(`Expected each person once, got ${id} twice`);
    if (name.trim() === '') throw new InputError(`Expected person ${id} to have a name, got an empty one`);
    const file = picture === undefined ? undefined : path.resolve(picture);
    if (file !== undefined && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw new InputError(`Expected the picture of person ${id} to be a file, got "${file}"`);
    }
    this.#profiles.set(id, { ...profile, ...(file !== undefined && { picture: file }) });
  }
}
