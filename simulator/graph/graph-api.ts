import { once } from 'node:events';
import { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Request, type RequestHandler, type Response } from 'express';
import { type GraphCall } from '../platform/call-log';
import { isObject } from '../base/check';
import { GraphError, unexpected } from './errors';
import { type Fault, faultName, type Faults } from '../platform/faults';
import { type UrlFetcher } from './fetch-url';
import { kindOf, purposeOf, readRequest, withoutSecrets } from './graph-request';
import { answerRequest } from './graph-routes';
import { type Platform } from '../platform/platform';

interface Answer {
  status: number;
  body: string | Record<string, unknown>;
  headers?: Record<string, string>;
}

export interface GraphApiParts {
  platform: Platform;
  faults: Faults;
  /** Cuts a connection with a TCP reset. */
  resetConnection: (socket: Socket) => void;
  fetchUrl: UrlFetcher;
  /** Aborted when the simulator closes. */
  closing: AbortSignal;
}

/** The Graph API as HTTP: reads a call, has it carried out, answers, logs it; or lets it go wrong where it is told to. */
export function graphApi(parts: GraphApiParts): RequestHandler {
  const { platform } = parts;
  return async (req, res) => {
    const { method, path } = req;
    const startedAt = performance.now();
    const call = platform.calls.open({ time: platform.now(), method, path, kind: kindOf(req) });
    platform.emit('begin', call);
    try {
      await serve(parts, call, req, res);
    } catch (error) {
      // Nobody could read the call, or something here is broken.
      if (res.headersSent) throw error;
      writeAnswer(res, call, failure(error), false);
    } finally {
      call.ms = Math.round((performance.now() - startedAt) * 100) / 100;
      platform.calls.close(call);
      platform.emit('call', call);
    }
  };
}

async function serve(parts: GraphApiParts, call: GraphCall, req: Request, res: Response): Promise<void> {
  const { faults, resetConnection, closing } = parts;
  const respond = (answer: Answer, cutShort = false) => {
    writeAnswer(res, call, answer, cutShort);
  };
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

  const request = await readRequest(req, res, call);
  call.purpose = purposeOf(request);
  call.body = withoutSecrets(request);
  // For calls that are never carried out, too.
  const caller = request.token === undefined ? undefined : parts.platform.pageOfToken(request.token);
  if (caller) call.page = caller.id;

  const carryOut = async (): Promise<Answer> => {
    try {
      return { status: 200, body: await answerRequest(parts, request, call) };
    } catch (error) {
      return failure(error);
    }
  };
  if (faults.delayMs > 0) await pause(faults.delayMs, closing);
  const fault = faults.take(call);
  if (fault) {
    call.fault = faultName(fault);
    await applyFault(fault, { carryOut, cut, respond, hang: () => closed(res), closing });
  } else {
    respond(await carryOut());
  }
}

interface CallInHand {
  carryOut: () => Promise<Answer>;
  cut: () => void;
  /** Resolves when the connection is closed. */
  hang: () => Promise<void>;
  respond: (answer: Answer, cutShort: boolean) => void;
  closing: AbortSignal;
}

/** The course of a call that a fault has hit. */
async function applyFault(
  fault: Fault,
  { carryOut, cut, respond, hang, closing }: CallInHand,
): Promise<void> {
  const done = fault.accept || fault.reset === 'after' ? await carryOut() : undefined;
  if (fault.delayMs !== undefined) {
    await pause(fault.delayMs, closing);
  }
  if (fault.hang) {
    await hang();
    return;
  }
  if (fault.reset === 'before' || fault.reset === 'after') {
    cut();
    return;
  }
  const answer = answerInstead(fault) ?? done ?? (await carryOut());
  respond(dropFields(fault.drop, answer), fault.reset === 'answer');
}

/** By the client, or by the simulator when it closes. */
async function closed(res: Response): Promise<void> {
  if (!res.closed) await once(res, 'close');
}

/** Ends early when the simulator closes. */
async function pause(ms: number, closing: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: closing }).catch(() => undefined);
}

function answerInstead({ status, body, headers = {}, error }: Fault): Answer | undefined {
  if (error) {
    const {
      code,
      subcode,
      message = `(#${code}) A fault of the simulator`,
      is_transient: isTransient,
    } = error;
    const graphError = new GraphError(code, message, { subcode, isTransient });
    return { status: status ?? graphError.status, body: { ...graphError.body() }, headers };
  }
  if (status === undefined && body === undefined) return undefined;
  return { status: status ?? 200, body: body ?? '', headers };
}

function dropFields(names: string[] = [], answer: Answer): Answer {
  if (typeof answer.body === 'string') return answer;
  const kept = Object.entries(answer.body).filter(([name]) => !names.includes(name));
  return { ...answer, body: Object.fromEntries(kept) };
}

function failure(error: unknown): Answer {
  if (error instanceof GraphError) return { status: error.status, body: { ...error.body() } };
  console.error('The simulator failed:', error);
  return failure(unexpected());
}

function writeAnswer(
  res: Response,
  call: GraphCall,
  { status, body, headers }: Answer,
  cutShort: boolean,
): void {
  const isText = typeof body === 'string';
  call.status = status;
  call.answer = body;
  const error = isText ? undefined : body['error'];
  if (isObject(error)) {
    if (typeof error['code'] === 'number') call.code = error['code'];
    if (typeof error['error_subcode'] === 'number') call.subcode = error['error_subcode'];
  }
  const text = isText ? body : JSON.stringify(body);
  res.writeHead(status, {
    'Content-Type': `${text.startsWith('<') ? 'text/html' : 'application/json'}; charset=UTF-8`,
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  if (!cutShort) {
    res.end(text);
    return;
  }
  // Not a reset, which would throw away what the client has not read yet: it is to see half an answer.
  res.write(text.slice(0, text.length / 2), () => res.socket?.destroySoon());
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
