export { openPlainAdapter as openClient, type PlainAdapter as Client, type Server } from './plain-adapter';
