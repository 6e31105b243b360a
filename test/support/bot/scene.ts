export { useSimulator as scene, type SimulatorFixture as Scene } from './use-simulator';
