import { z } from 'zod';
import { addBounded } from './bounded';
import { invalidParameter, unknownObject, unknownUser } from './errors';
import { checked } from './params';
import { isId, type Label, type Page } from '../platform/model';
import { type Platform } from '../platform/platform';

const MAX_USERS = 1000;

const name = z.string().min(1).max(500);

/** identity/custom-labels; `name` before v18 */
const creation = z.looseObject({ page_label_name: name.optional(), name: name.optional() });
const user = z.looseObject({ user: z.union([z.string(), z.number()]).transform(String) });

/** `/me/custom_labels` */
export function customLabels(
  platform: Platform,
  page: Page,
  method: string,
  params: Record<string, unknown>,
): Record<string, unknown> {
  if (method === 'GET') return { data: Array.from(page.labels.values(), shown), paging: {} };
  if (method !== 'POST') throw unknownObject(method, page.id);
  const { page_label_name: pageLabelName, name = pageLabelName } = checked(creation, params);
  if (!name) throw invalidParameter('The parameter page_label_name is required');
  const label: Label = { id: platform.newId(), name, users: new Set() };
  addBounded(page.labels, label, 'labels');
  return { id: label.id };
}

/** `/<label>` */
export function customLabel(page: Page, method: string, label: Label): Record<string, unknown> {
  if (method === 'GET') return shown(label);
  if (method !== 'DELETE') throw unknownObject(method, label.id);
  page.labels.delete(label.id);
  return { success: true };
}

/** `/<label>/label`: puts the label on a person, or takes it off. */
export function labelPerson(
  method: string,
  label: Label,
  params: Record<string, unknown>,
): Record<string, unknown> {
  if (method !== 'POST' && method !== 'DELETE') throw unknownObject(method, label.id);
  const { user: id } = checked(user, params);
  if (!isId(id)) throw unknownUser();
  if (method === 'DELETE') label.users.delete(id);
  else if (label.users.size < MAX_USERS) label.users.add(id);
  else throw invalidParameter(`The simulator puts a label on no more than ${MAX_USERS} people`);
  return { success: true };
}

/** `/<person>/custom_labels` */
export function labelsOf(page: Page, person: string): Record<string, unknown> {
  return { data: [...page.labels.values()].filter(({ users }) => users.has(person)).map(shown), paging: {} };
}

function shown({ id, name }: Label): Record<string, unknown> {
  return { id, page_label_name: name, name };
}
