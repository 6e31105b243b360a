import { statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../base/check';

/** How a person appears to the bot, in the User Profile API, and in the UI. */
export interface PersonProfile {
  /** Of digits. */
  id: string;
  /** First name and last name. */
  name: string;
  /** The path of a picture. Default: none; `profile_pic` is withheld */
  picture?: string | undefined;
  /** Such as `en_US`. Default: withheld, as from a bot without the permission */
  locale?: string | undefined;
  /** Hours from UTC. Default: withheld */
  timezone?: number | undefined;
  /** Default: withheld */
  gender?: string | undefined;
  /** What the quick reply `user_email` sends. Default: such as `user1@example.com`, by the ID */
  email?: string | undefined;
  /** What the quick reply `user_phone_number` sends. Default: such as `+15550100001`, by the last digits of the ID */
  phone?: string | undefined;
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

  emailOf(id: string): string {
    return this.get(id)?.email ?? `user${id}@example.com`;
  }

  phoneOf(id: string): string {
    return this.get(id)?.phone ?? `+1555010${id.slice(-4).padStart(4, '0')}`;
  }

  pictureUrl({ id, picture }: PersonProfile): string | undefined {
    return picture === undefined ? undefined : `${this.#origin()}/_sim/people/${id}/picture`;
  }

  #add(profile: PersonProfile): void {
    const { id, picture } = profile;
    const file = picture === undefined ? undefined : path.resolve(picture);
    if (file !== undefined && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw new InputError(`Expected the picture of person ${id} to be a file, got "${file}"`);
    }
    this.#profiles.set(id, { ...profile, ...(file !== undefined && { picture: file }) });
  }
}
