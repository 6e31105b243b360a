import express, { type Router } from 'express';
import { type Input, requiredString } from '../base/check';
import { type SimulatorOperations } from './operations';
import { pageAndUser } from './person-api';

/**
 * identity/account-linking: where a Log In button leads to, and where the bot's page leads back to. What begins here is
 * opened by a browser, which gets a page to look at in the end.
 */
export function accountLinking(operations: SimulatorOperations): Router {
  const router = express.Router();
  router.get('/start', (req, res) => {
    const query: Input = { ...req.query };
    res.redirect(operations.loginAddress({ ...pageAndUser(query), url: requiredString(query, 'url') }));
  });
  router.get('/', async (req, res) => {
    res.set('Content-Security-Policy', "default-src 'none'");
    const { account_linking_token: token, authorization_code: code } = req.query;
    const isCode = typeof code === 'string' && code !== '';
    const delivery = await operations.endLogin(token, isCode ? code : undefined);
    if (!delivery) {
      res.status(400).send(pageWith('This login has expired, or never began.'));
      return;
    }
    const problem = delivery.delivered ? '' : `, and the bot was not told: ${delivery.error ?? 'unknown'}`;
    res.send(pageWith(isCode ? `The account is linked${problem}.` : 'The account is not linked.'));
  });
  return router;
}

function pageWith(text: string): string {
  const escaped = text.replace(/[&<]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html><meta charset="utf-8"><title>Account linking</title><p>${escaped} You can close this window.</p>`;
}
