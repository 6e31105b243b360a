export {
  createAdapter,
  openBotkit as openStage,
  type Bot,
  type RunningBotkit as Stage,
  type RunningBotkitOptions as StageOptions,
} from './botkit';
export { ASSETS } from '../files/assets';
export { OTHER_PAGE, PAGE } from '../platform/pages';
