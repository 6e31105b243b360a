import { createServer } from 'node:http';
import express from 'express';
import { listen } from './listen';
import { ASSETS } from '../files/assets';

/** A website with assets. */
export interface Website {
  readonly url: string;
  /** The paths that were fetched, with their queries. */
  readonly fetched: string[];
  close(): Promise<void>;
}

export async function openWebsite(folder = ASSETS): Promise<Website> {
  const app = express();
  const fetched: string[] = [];
  app.use((request, _response, next) => {
    fetched.push(request.url);
    next();
  });
  app.use(express.static(folder));
  const { port, close } = await listen(createServer(app));
  return { url: `http://127.0.0.1:${port}`, fetched, close };
}
