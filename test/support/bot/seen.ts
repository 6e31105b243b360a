export { arrived, callCounts as tally, calls, onlyArrival } from '../platform/received';
export { readAsset as asset } from '../files/assets';
