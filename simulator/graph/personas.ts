import { z } from 'zod';
import { unknownObject } from './errors';
import { checked } from './params';
import { type Page, type Persona } from '../platform/model';
import { type Platform } from '../platform/platform';
import { addBounded } from './bounded';

/** send-messages/personas */
const creation = z.looseObject({
  name: z.string().min(1).max(500),
  profile_picture_url: z.string().min(1).max(2000),
});

/** `/me/personas` */
export function personas(
  platform: Platform,
  page: Page,
  method: string,
  params: Record<string, unknown>,
): Record<string, unknown> {
  if (method === 'GET') return { data: [...page.personas.values()].reverse(), paging: {} };
  if (method !== 'POST') throw unknownObject(method, page.id);
  const { name, profile_picture_url } = checked(creation, params);
  const persona: Persona = { id: platform.newId(), name, profile_picture_url };
  addBounded(page.personas, persona, 'personas');
  return { id: persona.id };
}

/** `/<persona>` */
export function persona(page: Page, method: string, found: Persona): Record<string, unknown> {
  if (method === 'GET') return { ...found };
  if (method !== 'DELETE') throw unknownObject(method, found.id);
  page.personas.delete(found.id);
  return { success: true };
}
