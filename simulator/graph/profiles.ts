import { z } from 'zod';
import { invalidParameter, menuWithoutGetStarted, unknownObject } from './errors';
import { checked } from './params';
import { filled } from './template-schema';
import { type Page } from '../platform/model';
import { type People } from '../platform/people';
import { type Platform } from '../platform/platform';

/**
 * `GET /me` or `GET /<page-id>`. identity/account-linking: with an `account_linking_token`, the field `recipient` is
 * the person who logs in.
 */
export function pageProfile(
  platform: Platform,
  { id, name }: Page,
  { fields, account_linking_token: token }: Record<string, unknown>,
): Record<string, unknown> {
  const page = { id, name, category: 'Simulated page' };
  if (token === undefined) return chosen(page, fields, ['id', 'name'], 'Page');
  const login = platform.accountLinks.find(token);
  if (login?.page !== id) throw invalidParameter('Param account_linking_token is invalid or has expired');
  return chosen({ ...page, recipient: login.user }, fields, ['id', 'name'], 'Page');
}

/** `GET /<psid>`: a person's profile. What is not known is left out, as fields are that need a permission. */
export function userProfile(people: People, id: string, fields: unknown): Record<string, unknown> {
  const name = people.nameOf(id);
  const known = people.get(id);
  const { locale, timezone, gender } = known ?? {};
  const [first_name = '', ...rest] = name.trim().split(/\s+/);
  const profile = { id, first_name, last_name: rest.join(' '), name };
  const others = { profile_pic: known && people.pictureUrl(known), locale, timezone, gender };
  return chosen({ ...profile, ...others }, fields, Object.keys(profile), 'User');
}

/** reference/messenger-profile-api#profile_properties */
const PROFILE_FIELDS = [
  'account_linking_url',
  'commands',
  'get_started',
  'greeting',
  'home_url',
  'ice_breakers',
  'payment_settings',
  'persistent_menu',
  'platform',
  'subject_to_new_eu_privacy_rules',
  'target_audience',
  'title',
  'whitelisted_domains',
];

/** What the pages of the fields agree on. What stands in the lists is not checked. */
const profileSchema = z.looseObject({
  get_started: z.looseObject({ payload: filled }).optional(),
  greeting: z.array(z.unknown()).optional(),
  ice_breakers: z.array(z.unknown()).optional(),
  persistent_menu: z.array(z.unknown()).optional(),
});

/** `/me/messenger_profile`: greeting, get started button, menu. Kept and given back; nothing here shows them. */
export function messengerProfile(
  { id, profile }: Page,
  method: string,
  params: Record<string, unknown>,
): Record<string, unknown> {
  if (method === 'POST') {
    const set = Object.entries(params).filter(([name]) => PROFILE_FIELDS.includes(name));
    if (set.length === 0) throw invalidParameter(`Requires one of the params: ${PROFILE_FIELDS.join(',')}`);
    checked(profileSchema, params);
    const has = (wanted: string) => set.some(([name]) => name === wanted);
    if (has('persistent_menu') && !has('get_started') && !profile.has('get_started')) {
      throw menuWithoutGetStarted();
    }
    for (const [name, value] of set) profile.set(name, value);
    return { result: 'success' };
  }
  const names = fieldNames(params['fields']);
  if (names.some((name) => !PROFILE_FIELDS.includes(name))) {
    throw invalidParameter(`Param fields must be one of {${PROFILE_FIELDS.join(', ').toUpperCase()}}`);
  }
  if (method === 'GET') {
    const set = [...profile].filter(([name]) => names.includes(name));
    return { data: set.length === 0 ? [] : [Object.fromEntries(set)] };
  }
  if (method !== 'DELETE') throw unknownObject(method, id);
  for (const name of names) profile.delete(name);
  return { result: 'success' };
}

function chosen(
  node: Record<string, unknown>,
  fields: unknown,
  byDefault: string[],
  type: string,
): Record<string, unknown> {
  const names = fields === undefined ? byDefault : ['id', ...fieldNames(fields)];
  const unknown = names.find((name) => !Object.hasOwn(node, name));
  if (unknown !== undefined) {
    throw invalidParameter(`Tried accessing nonexisting field (${unknown}) on node type (${type})`);
  }
  return Object.fromEntries(names.map((name) => [name, node[name]]));
}

/** What stands between commas: `id,messages{id,message}` are two. */
export function fieldNames(fields: unknown): string[] {
  if (Array.isArray(fields)) return fields.map(String);
  if (typeof fields !== 'string') return [];
  return (fields.match(/[^,{]+(\{[^}]*\})?/g) ?? []).map((name) => name.trim());
}
