import express, { type RequestHandler } from 'express';
import { InputError, isNestedWithin, MAX_DEPTH } from '../base/check';

const read: RequestHandler = express.json({ type: () => true, limit: '5mb' });

/** Reads JSON, whatever its type is called: `curl -d` says that it is a form. */
export const jsonBody: RequestHandler = (req, res, next) => {
  void read(req, res, (error?: unknown) => {
    if (error === undefined && !isNestedWithin(req.body)) {
      next(new InputError(`Expected the body to be nested at most ${MAX_DEPTH} levels deep`));
    } else next(error);
  });
};
