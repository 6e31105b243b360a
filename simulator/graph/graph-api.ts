import { once } from 'node:events';
import { type Socket } from 'node:net';
import { type Request, type RequestHandler, type Response } from 'express';
import { type GraphCall } from '../platform/call-log';
import { faultName, type Faults } from '../platform/faults';
import { type Platform } from '../platform/platform';
import { type Answer, failure, JSON_TYPE, logAnswer, writeAnswer } from './answer';
import { answerHeaders } from './answer-headers';
import { applyFault, pause } from './apply-fault';

import { answerBatch, isBatch } from './batch';
import { type BodyBudget } from './body-budget';
import { type UrlFetcher } from './fetch-url';
import { type GraphRequest, kindOf, purposeOf, readRequest, withoutSecrets } from './graph-request';
import { answerRequest } from './graph-routes';
import { type SendRates } from './rate-limits';
import { type Rules } from './send-schema';

export interface GraphApiParts {
  platform: Platform;
  faults: Faults;
  /** Cuts a connection with a TCP reset. */
  resetConnection: (socket: Socket) => void;
  fetchUrl: UrlFetcher;
  rules: Rules;
  limits: SendRates;
  budget: BodyBudget;
  /** Aborted when the simulator closes. */
  closing: AbortSignal;
}

/**
 * The Graph API as HTTP: reads a call, has it carried out, answers, logs it; or lets it go wrong where it is told to.
 */
export function graphApi(parts: GraphApiParts): RequestHandler {
  const { platform } = parts;
  return async (req, res) => {
    const { method, path } = req;
    const call = platform.calls.open({ time: platform.now(), method, path, kind: kindOf(req) });
    await logged(platform, call, async () => {
      try {
        await serve(parts, call, req, res);
      } catch (error) {
        // Nobody could read the call, or something here is broken.
        if (res.headersSent) throw error;
        respond(parts, res, call, failure(error));
      }
    });
  };
}

/** Tells the log and the UI how long a call took, however it ends. */
async function logged<T>(platform: Platform, call: GraphCall, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  platform.emit('begin', call);
  try {
    return await work();
  } finally {
    call.ms = Math.round((performance.now() - startedAt) * 100) / 100;
    platform.calls.close(call);
    platform.emit('call', call);
  }
}

async function serve(parts: GraphApiParts, call: GraphCall, req: Request, res: Response): Promise<void> {
  const { platform, faults, resetConnection, closing, budget } = parts;
  const cut = () => {
    resetConnection(req.socket);
  };

  const onArrival = faults.takeOnArrival(call);
  if (onArrival) {
    call.fault = faultName(onArrival);
    if (onArrival.reset === 'during') call.bytes = await firstBytesOf(req);
    cut();
    return;
  }

  const request = await readRequest(req, res, call, budget);
  call.purpose = purposeOf(request);
  call.body = withoutSecrets(request);
  // For calls that are never carried out, too.
  const caller = request.token === undefined ? undefined : platform.pageOfToken(request.token);
  if (caller) call.page = caller.id;

  const carryOut = () =>
    answerOf(
      isBatch(request)
        ? answerBatch(request, (operation) => answerOperation(parts, operation))
        : answerRequest(parts, request, call),
    );
  if (faults.delayMs > 0) await pause(faults.delayMs, closing);
  const fault = faults.take(call);
  if (!fault) {
    respond(parts, res, call, await carryOut());
    return;
  }
  call.fault = faultName(fault);
  await applyFault(fault, {
    carryOut,
    cut,
    hang: () => closed(res),
    respond: (answer, cutShort) => {
      respond(parts, res, call, answer, cutShort);
    },
    closing,
  });
}

async function answerOf(work: Promise<Record<string, unknown> | unknown[]>): Promise<Answer> {
  try {
    return { status: 200, body: await work };
  } catch (error) {
    return failure(error);
  }
}

/** A request of a batch, which is a call of its own in the log. Faults hit the batch as a whole. */
async function answerOperation(parts: GraphApiParts, request: GraphRequest): Promise<Answer> {
  const { platform } = parts;
  const { method, path } = request;
  const call = platform.calls.open({ time: platform.now(), method, path, kind: 'batch' });
  call.purpose = purposeOf(request);
  call.body = withoutSecrets(request);
  return logged(platform, call, async () => {
    const answer = await answerOf(answerRequest(parts, request, call));
    logAnswer(call, answer);
    return { ...answer, headers: { ...answerHeaders(parts, call, answer.body), ...JSON_TYPE } };
  });
}

function respond(
  parts: GraphApiParts,
  res: Response,
  call: GraphCall,
  answer: Answer,
  cutShort = false,
): void {
  logAnswer(call, answer);
  const headers = { ...answerHeaders(parts, call, answer.body), ...answer.headers };
  writeAnswer(res, { ...answer, headers }, cutShort);
}

/** By the client, or by the simulator when it closes. */
async function closed(res: Response): Promise<void> {
  if (!res.closed) await once(res, 'close');
}

/** Resolves with the size of the body's first piece; 0 if there is no body. */
function firstBytesOf(req: Request): Promise<number> {
  return new Promise((resolve) => {
    req.once('data', (chunk: Buffer) => {
      req.pause();
      resolve(chunk.length);
    });
    for (const event of ['end', 'close']) {
      req.once(event, () => {
        resolve(0);
      });
    }
  });
}
