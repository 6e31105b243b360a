import express, { type Express } from 'express';
import { type BotUnderTest } from '../control/bot-under-test';
import { controlApi } from '../control/control-api';
import { type EventStream } from '../control/event-stream';
import { type SimulatorOperations } from '../control/operations';
import { graphApi, type GraphApiParts } from '../graph/graph-api';
import { type AllowedHosts, onlyLocal } from './only-local';
import { uiRoutes } from './ui-routes';

export interface AppParts {
  allowed: AllowedHosts;
  operations: SimulatorOperations;
  eventStream: EventStream;
  bot: BotUnderTest | undefined;
  graph: GraphApiParts;
}

/** All that the simulator answers: the UI at `/`, the control API under `/_sim`, and the Graph API everywhere else. */
export function createApp({ allowed, operations, eventStream, bot, graph }: AppParts): Express {
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(onlyLocal(allowed));
  app.use(uiRoutes());
  app.use('/_sim', controlApi({ operations, eventStream, bot, fetchUrl: graph.fetchUrl }));
  app.use(graphApi(graph));
  return app;
}
