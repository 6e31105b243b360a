import { type Response } from 'express';
import { isObject } from '../base/check';
import { type GraphCall } from '../platform/call-log';
import { GraphError, unexpected } from './errors';

export interface Answer {
  status: number;
  /** A string is sent as it is. */
  body: string | Record<string, unknown> | unknown[];
  headers?: Record<string, string>;
  /** For the log of calls. */
  reason?: string;
}

/** What the platform answers when a call ends in `error`. */
export function failure(error: unknown): Answer {
  if (error instanceof GraphError) {
    const { status, reason } = error;
    return { status, body: { ...error.body() }, ...(reason !== undefined && { reason }) };
  }
  console.error('The simulator failed:', error);
  return failure(unexpected());
}

export function logAnswer(call: GraphCall, { status, body, reason }: Answer): void {
  call.status = status;
  call.answer = body;
  if (reason !== undefined) call.reason = reason;
  const error = isObject(body) ? body['error'] : undefined;
  if (!isObject(error)) return;
  if (typeof error['code'] === 'number') call.code = error['code'];
  if (typeof error['error_subcode'] === 'number') call.subcode = error['error_subcode'];
}

/** `cutShort`: only half of the body, and then the connection ends. */
export function writeAnswer(res: Response, { body, headers, status }: Answer, cutShort = false): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = text.startsWith('<') ? HTML_TYPE : JSON_TYPE;
  // One by one: a fault's headers replace the answer's own, however they are written.
  for (const [name, value] of Object.entries({ ...type, ...headers })) res.setHeader(name, value);
  res.writeHead(status, { 'Content-Length': Buffer.byteLength(text) });
  if (!cutShort) {
    res.end(text);
    return;
  }
  // Not a reset, which would throw away what the client has not read yet: it is to see half an answer.
  res.write(text.slice(0, text.length / 2), () => res.socket?.destroySoon());
}

export const JSON_TYPE = { 'Content-Type': 'application/json; charset=UTF-8' };
const HTML_TYPE = { 'Content-Type': 'text/html; charset=UTF-8' };
