export { inTime, until } from './waiting';
export { watchProcess } from './process-problems';
export { freePort } from '../platform/listen';
export { countUploads } from '../platform/received';
