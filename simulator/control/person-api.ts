import express, { type Router } from 'express';
import {
  InputError,
  type Input,
  object,
  onlyFields,
  optionalBoolean,
  optionalNumber,
  optionalObject,
  optionalOneOf,
  optionalString,
  required,
  requiredString,
} from '../base/check';
import { ATTACHMENT_TYPES, type PersonEvent } from '../platform/model';
import { jsonBody } from './json-body';
import { type SimulatorOperations, type UserAction } from './operations';

/** Bytes of a file that a person sends: as many as the platform takes of a bot. */
const MAX_FILE = '26mb';

/** What each action has beside page, user and type; `?` marks what may be left out. All are strings. */
const ACTIONS: Record<PersonEvent['type'], readonly string[]> = {
  react: ['mid', 'emoji'],
  unreact: ['mid'],
  read: [],
  unsend: ['mid'],
  referral: ['ref', 'adId?'],
  optin: ['ref'],
  link_account: ['authorizationCode'],
  unlink_account: [],
  hand_back: ['metadata?'],
};

const TYPES = Object.keys(ACTIONS) as PersonEvent['type'][];

/** `/_sim/attachment`, `/_sim/say` and `/_sim/act`: what people do. */
export function personApi(operations: SimulatorOperations): Router {
  const router = express.Router();
  router.post('/attachment', express.raw({ type: () => true, limit: MAX_FILE }), async (req, res) => {
    const query: Input = { ...req.query };
    onlyFields(query, 'the query', ['page', 'user', 'name', 'type', 'replyTo']);
    const bytes: unknown = req.body;
    if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
      throw new InputError('Expected the body to be the file, got nothing');
    }
    const contentType = req.get('content-type') ?? 'application/octet-stream';
    const type = optionalOneOf(query, 'type', ATTACHMENT_TYPES) ?? attachmentTypeOf(contentType);
    const name = optionalString(query, 'name') ?? type;
    const said = await operations.say({
      ...pageAndUser(query),
      attachments: [{ type, name, contentType, bytes }],
      replyTo: optionalString(query, 'replyTo'),
    });
    res.json(said);
  });
  router.post('/say', jsonBody, async (req, res) => {
    res.json(await operations.say(userMessageOf(object(req.body ?? {}, 'the body'))));
  });
  router.post('/act', jsonBody, async (req, res) => {
    res.json(await operations.act(actionOf(object(req.body ?? {}, 'the body'))));
  });
  return router;
}

export function pageAndUser(input: Input): { page: string; user: string } {
  return { page: requiredString(input, 'page'), user: requiredString(input, 'user') };
}

function userMessageOf(input: Input): Parameters<SimulatorOperations['say']>[0] {
  const fields = ['text', 'payload', 'postback', 'referral', 'sticker', 'location', 'replyTo'];
  onlyFields(input, 'the body', ['page', 'user', ...fields]);
  const [referral, location] = [optionalObject(input, 'referral'), optionalObject(input, 'location')];
  return {
    ...pageAndUser(input),
    text: optionalString(input, 'text'),
    payload: optionalString(input, 'payload'),
    postback: optionalBoolean(input, 'postback'),
    referral: referral && { ref: requiredString(referral, 'ref'), adId: optionalString(referral, 'adId') },
    sticker: optionalString(input, 'sticker'),
    location: location && locationOf(location),
    replyTo: optionalString(input, 'replyTo'),
  };
}

function locationOf(input: Input): { lat: number; long: number; title?: string } {
  const title = optionalString(input, 'title');
  return {
    lat: required(optionalNumber(input, 'lat'), 'lat', 'a number'),
    long: required(optionalNumber(input, 'long'), 'long', 'a number'),
    ...(title !== undefined && { title }),
  };
}

function actionOf(input: Input): UserAction {
  const type = required(optionalOneOf(input, 'type', TYPES), 'type', `one of ${TYPES.join(', ')}`);
  const names = ACTIONS[type].map((name) => name.replace('?', ''));
  onlyFields(input, `the body for "${type}"`, ['page', 'user', 'type', ...names]);
  const fields = ACTIONS[type].map((name) =>
    name.endsWith('?')
      ? [name.slice(0, -1), optionalString(input, name.slice(0, -1))]
      : [name, requiredString(input, name)],
  );
  return { ...pageAndUser(input), type, ...Object.fromEntries(fields) } as UserAction;
}

/** What Messenger makes of a file that somebody picks. */
function attachmentTypeOf(contentType: string) {
  const [kind] = contentType.toLowerCase().split('/');
  return ATTACHMENT_TYPES.find((type) => type === kind) ?? 'file';
}
